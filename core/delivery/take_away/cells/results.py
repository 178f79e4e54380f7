"""The notebook's end: curves, the test, a comparison with Lightbox's figures, the saved model."""

from __future__ import annotations

from core.delivery.take_away.cells import Cell, code, literal, packed, words
from core.delivery.take_away.cells.chosen import is_chosen
from core.delivery.take_away.material import Material

# Beyond, numbers in the cells of a confusion matrix can't be read.
_MOST_NUMBERS = 30


def cells(material: Material, *, validated: bool) -> list[Cell]:
    """Curves, test, confusion matrix, report, comparison, saving, and using the model."""
    evaluation = material.evaluation
    classes = len(material.classes)
    side = round(min(24.0, max(4.0, 0.45 * classes + 2)), 1)
    made: list[Cell] = []
    if not is_chosen(material):
        made += _curves(material, '["", "val_"]' if validated else '[""]')
    if evaluation.images:
        # What Lightbox answered, in the order of the test images here; -1 where it could not.
        theirs = material.predictions
        known = dict(zip(theirs.table["path"], theirs.predicted.tolist(), strict=True))
        tested = material.split.loc[material.split["split"] == "test", "path"]
        answers = [known.get(path, -1) for path in tested]
        made += [
            words(
                f"""
                ## The test

                On {evaluation.images:,} images that neither training nor the choice of the best
                epoch has seen.
                """
            ),
            code(
                """
                answers = model.predict(images[test], batch_size=64, verbose=0)
                predicted = answers.argmax(axis=1)
                accuracy = (predicted == labels[test]).mean()
                right = (predicted == labels[test]).sum()
                print(f"Right on {right} of {len(test)}: {100 * accuracy:.1f} %")
                """
            ),
            words(
                """
                **Confusion matrix.** Rows are true classes, columns what the model says; right
                answers are on the diagonal.
                """
            ),
            code(
                f"""
                matrix = confusion_matrix(labels[test], predicted, labels=range(len(CLASSES)))
                figure, axis = plt.subplots(figsize=({side}, {side}))
                ConfusionMatrixDisplay(matrix, display_labels=CLASSES).plot(
                    ax=axis,
                    cmap="Blues",
                    xticks_rotation="vertical",
                    include_values={classes <= _MOST_NUMBERS},
                    colorbar=False,
                )
                axis.set_xlabel("predicted")
                axis.set_ylabel("true")
                plt.show()
                """,
            ),
            words(
                """
                **Precision**: of the images called this class, how many are. **Recall**: of the
                images of this class, how many were found. **F1** is their harmonic mean.
                """
            ),
            code(
                """
                print(
                    classification_report(
                        labels[test],
                        predicted,
                        labels=range(len(CLASSES)),
                        target_names=CLASSES,
                        digits=3,
                        zero_division=0,
                    )
                )
                """
            ),
            words(
                """
                ## Compared with Lightbox

                The interval is Wilson's at 95 %: where the accuracy on endlessly many such images
                would likely be. This notebook should be inside it.
                """
            ),
            code(f'LIGHTBOX_ANSWERS = "{packed(answers)}"', hidden=True),
            code(
                f"lightbox = {evaluation.accuracy!r}",
                f"low, high = {evaluation.interval.low!r}, {evaluation.interval.high!r}",
                _COMPARE,
            ),
        ]
    made += [
        words(
            """
            ## Keep it, and use it

            The model is saved with all that it does to pixels inside it. To ask it about an image,
            read the image as above.
            """
        ),
        code(
            """
            model.save("model.keras")
            Path("classes.json").write_text(json.dumps(CLASSES))

            file = Path(FOLDER) / paths[-1]  # any image
            chances = model.predict(read_image(file)[None], verbose=0)[0]
            for best_class in chances.argsort()[::-1][:3]:
                print(f"{CLASSES[best_class]}: {100 * chances[best_class]:.1f} %")
            """
        ),
    ]
    return made


def _curves(material: Material, keys: str) -> list[Cell]:
    """Those of this notebook beside those of the run; ``keys`` is source."""
    theirs = {
        name: [
            None if (value := entry.value(name)) is None else round(float(value), 4)
            for entry in material.history
        ]
        for name in ("accuracy", "val_accuracy", "loss", "val_loss")
    }
    return [
        words(
            """
            ## Curves

            Solid: this notebook. Dashed: Lightbox's run. Where the training curve goes on getting
            better and the validation curve does not, the network begins to learn by heart.
            """
        ),
        code(f"LIGHTBOX = {literal(theirs, 11)}"),
        code(f"KEYS = {keys}  # of training and validation", _DRAW_CURVES),
    ]


_DRAW_CURVES = """
figure, axes = plt.subplots(1, 2, figsize=(14, 4.5))
for axis, name in zip(axes, ("accuracy", "loss")):
    for key, colour in zip(KEYS, ("tab:blue", "tab:orange")):
        title = "validation" if key else "training"
        values, theirs = history[key + name], LIGHTBOX[key + name]
        axis.plot(range(1, len(values) + 1), values, color=colour, marker=".", label=title)
        epochs = range(1, len(theirs) + 1)
        axis.plot(epochs, theirs, "--", color=colour, label=f"{title}, Lightbox")
    axis.set_xlabel("epoch")
    axis.set_title(name)
    axis.legend()
plt.show()
"""

_COMPARE = """
theirs = np.array(json.loads(zlib.decompress(base64.b64decode(LIGHTBOX_ANSWERS))))
print(f"Lightbox: {100 * lightbox:.1f} %, likely between {100 * low:.1f} % and {100 * high:.1f} %")
where = "below" if accuracy < low else "above" if accuracy > high else "inside"
print(f"Here:     {100 * accuracy:.1f} %, {where} that interval")
print(f"The same answer on {100 * (predicted == theirs).mean():.1f} % of the test images")
"""
