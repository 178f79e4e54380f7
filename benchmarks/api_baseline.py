"""What people usually write: a web handler that calls ``model.predict``. And the model for both.

    python -m benchmarks.api_baseline build FOLDER --size 224     model.keras, model.xml, model.json
    python -m benchmarks.api_baseline serve FOLDER PORT           POST /predict, form field "images"

The handler is written as well as such handlers are: the model is loaded once and warm, the work is
done in a thread and not where connections are handled, nothing is printed.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = [f"class {n}" for n in range(10)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("build", "serve"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    if options.what == "build":
        build(options.folder, options.size)
    else:
        serve(options.folder, options.port)


def build(folder: Path, size: int) -> None:
    """A MobileNetV2 for ten classes with weights by chance: as fast as a trained one."""
    import keras

    from core.training.export import export_checked

    keras.utils.set_random_seed(1)
    images = keras.Input((size, size, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(images)
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), include_top=False, weights=None, pooling="avg"
    )
    answer = keras.layers.Dense(len(CLASSES), activation="softmax")(backbone(scaled))
    model = keras.Model(images, answer)
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    some = np.random.default_rng(0).integers(0, 256, (4, size, size, 3), dtype=np.uint8)
    export_checked(model, folder / "model.xml", some)
    card = {
        "classes": CLASSES,
        "image_size": size,
        "fit": "stretch",
        "architecture": "mobilenet_v2",
    }
    (folder / "model.json").write_text(json.dumps(card))


def serve(folder: Path, port: int) -> None:
    """Answer until the process is ended."""
    import keras
    import uvicorn
    from PIL import Image
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    model: Any = keras.models.load_model(folder / "model.keras")
    size = int(model.input_shape[1])
    model.predict(np.zeros((1, size, size, 3), np.float32), verbose=0)

    def answer(data: bytes) -> list[float]:
        image = Image.open(io.BytesIO(data)).convert("RGB").resize((size, size))
        pixels = np.asarray(image, np.float32)[None]
        return [float(share) for share in model.predict(pixels, verbose=0)[0]]

    async def predict(request: Request) -> Response:
        async with request.form() as form:
            upload: Any = form["images"]
            data = await upload.read()
        shares = await run_in_threadpool(answer, data)
        return JSONResponse({"predictions": dict(zip(CLASSES, shares, strict=True))})

    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")


if __name__ == "__main__":
    main()
