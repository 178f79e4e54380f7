"""A run's model in one format: converted, checked against Keras, measured, packed, and kept."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from core.access import audit
from core.catalog import Catalog
from core.delivery.exports import formats
from core.delivery.exports.check import compare
from core.delivery.exports.formats import Source
from core.delivery.exports.images import calibrating, checking
from core.delivery.exports.kept import Export, exports_folder, record
from core.delivery.exports.package import add_companions, zip_folder
from core.delivery.take_away.material import load_material
from core.errors import disk_errors
from core.progress import SILENT, Reporter
from core.quality.safe_names import safe_name
from core.runs.files import RunFiles
from core.training.export import keras_answers
from core.workspace import ensure_space, new_token

_PHASE = "export"


def make_export(catalog: Catalog, run_id: str, key: str, report: Reporter = SILENT) -> Export:
    """Make an export of a finished run, in place of an earlier one of this format.

    Needs TensorFlow. One that can't be made leaves the earlier one as it was.

    Raises:
        NotFound: there is no such run, it has no model, or its images have gone.
        InvalidInput: there is no such format, or it has too few digits for this model.
        ExportDiffers: it doesn't answer like the model: a defect.
        NoSpace, Cancelled
    """
    started = time.monotonic()
    fmt = formats.get(key)
    key = fmt.key
    run, files = catalog.runs.get(run_id), RunFiles(catalog.workspace, run_id)
    # Before TensorFlow is loaded: without a model or its images there is nothing to do.
    files.model()
    catalog.datasets.get(run.dataset_id)
    kept = exports_folder(catalog.workspace, run.id) / key
    # The model and its .zip, and what converters write on the way.
    ensure_space(kept, 12 * files.keras_bytes, "the export")

    def step(number: int, note: str) -> None:
        report.step(_PHASE, number, 4, note)

    step(0, "Opening the model")
    model = files.open_keras()
    material = load_material(catalog, run_id, report)
    with disk_errors("the export"), _new_folder(kept.parent) as temporary:
        making = Path(temporary)
        step(1, f"Converting it to {fmt.title}")
        fmt.write(Source(model, files.folder, lambda: calibrating(material)), making)
        model_bytes = sum(file.stat().st_size for file in making.rglob("*") if file.is_file())
        step(2, "Comparing its answers with Keras")
        pixels = checking(material)
        answer = fmt.opened(making)
        check = compare(fmt, answer, keras_answers(model, pixels), pixels, report)
        step(3, "Packing it")
        add_companions(making, fmt, material, answer, check)
        file = f"{safe_name(run.name)} {key}.zip"
        report.check()
        for earlier in kept.glob("*.zip"):
            if earlier.name != file:
                earlier.unlink()
        zip_folder(making, kept / file)
        export = Export(
            format=key,
            file=file,
            bytes=(kept / file).stat().st_size,
            model_bytes=model_bytes,
            **asdict(check),
            made_at=time.time(),
            seconds=round(time.monotonic() - started, 1),
            token=new_token(),
        )
        record(catalog.workspace, run.id, key).keep(export)
    audit.note(catalog, "exported a model", run.name, fmt.title)
    report.progress(_PHASE, 4, 4, "Packing it")
    return export


def _new_folder(beside: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder to write an export in, on the disk where it will stay; gone after use."""
    beside.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".making-", dir=beside)
