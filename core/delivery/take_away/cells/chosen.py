"""What Auto has chosen, fitted again: the networks side by side, and the head with its settings."""

from __future__ import annotations

from typing import Any

from core.delivery.take_away.cells import Cell, Piece, code, pretrained, words
from core.delivery.take_away.cut import Cutter, namespace
from core.delivery.take_away.material import Material
from core.features import backbones
from core.training.heads import HEADS

_HEADS = "core.training.heads"
_BUILDING = "core.features.backbones.build"
_CLOSER = "core.features.backbones.closer"
_PRETRAINED = "core.training.architectures.pretrained"


def is_chosen(material: Material) -> bool:
    """Whether the run's head is one that Auto has chosen, and its settings are known; the first
    version of Auto did not keep them."""
    summary = material.summary
    return bool(material.spec.minutes and summary.chosen) and summary.head in HEADS


def networks(material: Material, cutter: Cutter) -> list[Cell]:
    """The networks that look side by side, as one ``body``."""
    spec = material.spec
    keys = material.summary.networks or (spec.architecture,)
    gray = spec.color == "gray"
    made: list[Cell] = []
    bodies: list[str] = []
    for number, key in enumerate(keys, 1):
        backbone = backbones.get(key).peaked(material.summary.peaks)
        made += pretrained.definition(backbone, cutter, reads=True)
        made += pretrained.weights(backbone)
        about = pretrained.settings(backbone, reads=True)
        made.append(code(f"WEIGHTS_{number} = WEIGHTS", namespace(f"NETWORK_{number}", about)))
        call = "grey_body_of" if gray else "body_of"
        more = "" if gray else ", gray=False"
        bodies.append(f"{call}(NETWORK_{number}, SIZE, Path(WEIGHTS_{number}){more}),")
    known: dict[str, Any] = {"color": spec.color, "weights is not None": True}
    known["backbone.key.startswith('convnext')"] = any(key.startswith("convnext") for key in keys)
    if not gray:
        known["gray"] = False
    made.append(
        words(
            """
            Two things are taken from a network: the means over the whole picture of its last
            layer, which say what kind of thing is shown; and those over each quarter of the picture
            of a layer about two thirds of the way up, which say more of shapes and where they are.
            """,
            material.summary.peaks != "none"
            and """
            After them come the largest values of some layers: whether something is there at all,
            however small.
            """,
        )
    )
    closely: tuple[Piece, ...] = ()
    if material.summary.closer:
        made.append(
            words(
                """
                Each network looks more than once: at the whole picture, and at its middle,
                enlarged. What it sees is averaged.
                """
            )
        )
        names = ("left_out", "closer_up", "looking_closely")
        closely = (
            cutter.cut(*(f"{_CLOSER}:{name}" for name in names)),
            f"bodies = [looking_closely(each, {material.summary.closer}) for each in bodies]",
        )
    made.append(
        code(
            cutter.cut(f"{_BUILDING}:{call}", f"{_PRETRAINED}:side_by_side", known=known),
            "bodies = [",
            *((1, each) for each in bodies),
            "]",
            *closely,
            "body = side_by_side(bodies)",
        )
    )
    return made


def head(material: Material, cutter: Cutter) -> list[Cell]:
    """Features once, the head in closed form or step by step, and the whole model."""
    spec, summary = material.spec, material.summary
    key = summary.head
    learned = material.count("train") + material.count("validation")
    parts: list[int] = []
    for network in summary.networks or (spec.architecture,):
        parts += backbones.get(network).peaked(summary.peaks).parts
    weighted = spec.balance != "none"
    # Code that gives ``steps`` from coordinates to scores.
    again, file = HEADS[key].again(summary.chosen, learned), HEADS[key].judge.__module__
    return [
        words(
            f"""
            ## Learning

            The networks stay as they are, so what they see is computed once. Auto tried several
            heads on it, each judged by images that it was not fitted on, and kept
            **{HEADS[key].title}**. Here it is fitted again with the settings that were found, on
            training and validation images together, as Lightbox did in the end.
            """
        ),
        code(
            """
            learned = np.sort(np.concatenate([train, validation]))
            features = body.predict(images[learned], batch_size=64, verbose=0)
            """
        ),
        words(
            """
            Each part of the features is centred and brought to one scale, and all are turned to
            their principal axes, so that few numbers say nearly all of what differs.
            """
        ),
        code(
            cutter.cut(f"{_HEADS}.reduce:reducing"),
            f"before = reducing(features, {tuple(parts)}, SEED)",
            """
            problem = SimpleNamespace(
                rows=before(features),
                labels=labels[learned],
                classes=len(CLASSES),
                weights=np.ones(len(learned)),
                targets=np.eye(len(CLASSES))[labels[learned]],
                seed=SEED,
                check=lambda: None,
            )
            every = np.arange(len(learned))
            """,
            weighted
            and """
            # Each class counts as much as any other.
            problem.weights = 1 / np.bincount(problem.labels)[problem.labels]
            problem.weights /= problem.weights.mean()
            """,
        ),
        code(cutter.cut(*(f"{file}:{name}" for name in again.names)), *again.code),
        code(
            cutter.cut(f"{_HEADS}.choose:joined"),
            "# How sure it is was set right by answers about images that it was not fitted on.",
            f"sharp = {summary.sharpness:.6g}",
            """
            *rest, last = steps
            steps = joined(before, (*rest, Step(last.kernel * sharp, last.bias * sharp)))
            """,
        ),
        code(
            cutter.cut(f"{_HEADS}.head:as_model", f"{_PRETRAINED}:assemble"),
            "model = assemble(body, as_model(steps))",
        ),
    ]
