"""All that is wrong with photos that come in is told in plain words, the most important first."""

from __future__ import annotations

from pathlib import Path

from core.catalog import Catalog
from core.datasets import intake
from core.datasets.layout import kept_layout
from core.quality import curation
from core.quality.findings import find
from core.quality.first_look import lines
from core.quality.scan import scan
from tests.core.datasets.packing import image_bytes


def _folder(root: Path, *paths: str) -> Path:
    for number, path in enumerate(paths):
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(image_bytes(number) if path.endswith("png") else b"words")
    return root


def _looked(catalog: Catalog, folder: Path) -> list[tuple[str, str, bool]]:
    record = intake.add_folder(catalog, folder, restrict=False)
    scan(catalog, record.id)
    table = curation.curated(catalog, record.id)
    told = lines(
        kept_layout(catalog.workspace, record.id),
        find(table, alike=curation.known_alike(catalog, record.id)),
        curation.skipped(catalog, record.id),
        table.loc[~table["excluded"], "label"].unique(),
    )
    return [(line.kind, line.text, line.trouble) for line in told]


def test_all_troubles_are_said_and_how_the_folder_was_understood(
    catalog: Catalog, tmp_path: Path
) -> None:
    paths = [f"{split}/{c}/{n}.png" for split in ("train", "test") for c in "ab" for n in range(3)]
    folder = _folder(tmp_path / "x", *paths, *(f"pred/{n}.png" for n in range(2)), "train/A/9.png")
    (folder / "train/a/broken.png").write_bytes(image_bytes(3)[:60])
    said = _looked(catalog, folder)
    assert [kind for kind, _, _ in said] == ["finding", "left out", "alike", "understood"]
    assert said[0][1] == "1 photo is cut off."
    assert said[1][1] == (
        "2 files were left out, each because it lies in no class folder, so nothing says its class."
    )
    assert said[2][1] == "“A” and “a” may be one class."
    assert said[3][1] == (
        "What is learned from and what is tested, as your folders say: “test” 6, “train” 8."
    )
    assert [trouble for _, _, trouble in said] == [True, True, True, False]


def test_a_doubt_comes_first_and_a_text_is_no_trouble(catalog: Catalog, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "y", *(f"{s}/{n}.png" for s in ("train", "test") for n in range(9)))
    _folder(folder, "read me.md")
    said = _looked(catalog, folder)
    assert said[0] == ("doubt", "This folder looks like train and test.", True)
    assert ("left out", "1 file was left out because it is not an image (.md).", False) in said
