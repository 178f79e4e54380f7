"""What a body asks for: images with a few wishes, out of a form or out of JSON."""

from __future__ import annotations

import base64
import binascii
import logging
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File, FormParser, parse_options_header

from core.api.limits import MAX_IMAGES
from core.api.problems import Problem
from core.api.schemas import Fault
from core.complaints import complaint

TOP_K = 5
MOST_TOP_K = 1000
LONGEST_NAME = 255
MOST_ERRORS = 10
_LONGEST_FIELD = 100
_DATA_ADDRESS = "data:"
# It writes a line for each form that is not one; the client is told.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


class _Wishes(BaseModel, extra="forbid"):
    top_k: int = Field(
        default=TOP_K,
        ge=1,
        le=MOST_TOP_K,
        description="How many of the most probable classes to name.",
    )
    # Left out it is None; sent, it is a number.
    threshold: float = Field(
        default=cast(float, None),
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="An answer that is less probable than this is marked as unsure. Left out, it "
        "is the model's own “sure from”; the answer says it.",
    )
    familiarity: bool = Field(
        default=False,
        description="Whether to say of each image if it looks like nothing that the model was "
        "trained on, which a probability doesn't tell. The answer takes about twice as long.",
    )


_File = Annotated[
    tuple[str, bytes],
    WithJsonSchema({"type": "string", "contentMediaType": "application/octet-stream"}),
]


class Form(_Wishes):
    """Files with a few wishes."""

    images: list[_File] = Field(
        min_length=1,
        max_length=MAX_IMAGES,
        description="Image files: JPEG, PNG, WebP, BMP, GIF or TIFF.",
    )


_Base64 = Annotated[
    str,
    Field(
        min_length=1,
        description="An image file as base64; a data: address is fine too.",
        json_schema_extra={"contentEncoding": "base64"},
    ),
]


class Image(BaseModel, extra="forbid", strict=True):
    """An image with a name."""

    data: _Base64
    name: str = Field(default="", max_length=LONGEST_NAME)


def _named(value: Any) -> Any:
    return {"data": value} if isinstance(value, str) else value


class Question(_Wishes, extra="forbid", strict=True):
    """Images as text with a few wishes."""

    images: list[
        Annotated[Image, BeforeValidator(_named, json_schema_input_type=_Base64 | Image)]
    ] = Field(min_length=1, max_length=MAX_IMAGES)


def parse(content_type: str, body: bytes) -> Form:
    """What a body asks for, read by what it says it is: 1 to 64 images, pairs of name and content,
    and the wishes; ``threshold`` is ``None`` for what the model counts as sure.

    Raises:
        Problem: of kind ``media-type``, ``malformed`` or ``invalid``.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"application/json":
        return _from_json(body)
    if kind == b"multipart/form-data":
        return _from_form(options.get(b"boundary", b""), body)
    raise Problem("media-type", "Send multipart/form-data with files, or application/json.")


def _from_json(body: bytes) -> Form:
    try:
        asked = Question.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None
    files = []
    for n, image in enumerate(asked.images):
        files.append((clean(image.name) or f"image {n + 1}", _from_base64(image.data, n)))
    return Form(images=files, **asked.model_dump(exclude={"images"}, exclude_unset=True))


def _from_base64(text: str, n: int) -> bytes:
    if text.startswith(_DATA_ADDRESS):
        text = text.partition(",")[2]
    try:
        # Tools break it into lines; anything else that is not of its alphabet is a mistake.
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Problem(
            "invalid",
            "An image is not base64.",
            errors=[Fault(f"/images/{n}", "This is not base64.")],
        ) from None


def _from_form(boundary: bytes, body: bytes) -> Form:
    if not boundary:
        raise Problem("malformed", "The form's Content-Type names no boundary.")
    parts: list[tuple[str, bytes, bytes | None]] = []
    ends: list[bool] = []

    def take(name: bytes | None, content: bytes, file: bytes | None = None) -> None:
        if len(parts) == MAX_IMAGES + len(_Wishes.model_fields):
            raise _one_error("images", f"A request can have {MAX_IMAGES} at most.")
        parts.append(((name or b"").decode("utf-8", "replace"), content, file))

    def take_file(part: File) -> None:
        part.file_object.seek(0)
        take(part.field_name, part.file_object.read(), part.file_name or b"")

    try:
        parser = FormParser(
            "multipart/form-data",
            lambda part: take(part.field_name, part.value or b""),
            take_file,
            lambda: ends.append(True),
            boundary,
            config={"MAX_MEMORY_FILE_SIZE": len(body)},
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise Problem("malformed", "The form can't be read, or a part of it has no name.") from None
    if not ends:
        raise Problem("malformed", "The form ends in the middle.")
    files: list[tuple[str, bytes]] = []
    wishes: dict[str, str] = {}
    for name, content, file in parts:
        if file is not None or name == "images":
            called = clean((file or b"").decode("utf-8", "replace"))
            files.append((called or f"image {len(files) + 1}", content))
        elif name in wishes:
            raise _one_error(name, "It is there twice.")
        else:
            wishes[name] = content[:_LONGEST_FIELD].decode("utf-8", "replace")
    if not files:
        raise _one_error("images", "There is no file in the form.")
    try:
        return Form.model_validate({"images": files, **wishes})
    except ValidationError as error:
        raise _invalid(error) from None


def _one_error(name: str, detail: str) -> Problem:
    return Problem(
        "invalid",
        "A value of the form can't be used.",
        errors=[Fault(f"/{clean(name)}", detail)],
    )


def _invalid(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Problem("malformed", "The body is not JSON.")
    return Problem(
        "invalid",
        "Some of what was sent can't be used as it is.",
        errors=[
            Fault("".join(f"/{clean(str(step))}" for step in each["loc"]), f"It {complaint(each)}.")
            for each in found[:MOST_ERRORS]
        ],
    )


def clean(name: str) -> str:
    """A name from outside without what can't be printed, and not longer than names are."""
    return "".join(letter for letter in name if letter.isprintable())[:LONGEST_NAME].strip()
