"""What the API answers, as types: the OpenAPI document is made from them.

Values of these types are built by the routes and never checked at that moment: the document says
what tests hold them to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, with_config

T = TypeVar("T")
Probability = Annotated[float, Field(ge=0, le=1)]


@dataclass_transform(frozen_default=True)
def _answer(cls: type[T]) -> type[T]:
    """A frozen dataclass, of which the document says that it has no other members."""
    return with_config(ConfigDict(extra="forbid"))(dataclass(frozen=True)(cls))


@_answer
class Health:
    """The server is there."""

    status: Literal["ok"]
    version: str
    models_loaded: Annotated[int, Field(ge=0)]


@_answer
class Model:
    """A model that can be asked."""

    id: str
    name: str
    classes: list[str]
    image_size: Annotated[
        int,
        Field(ge=1, description="Images are resized to squares of this side, in pixels."),
    ]
    architecture: str
    test_accuracy: Annotated[
        Probability | None,
        Field(description="Share of right answers on images that training never saw."),
    ]
    created: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    predict: Annotated[str, Field(description="Where to send images.")]


@_answer
class Models:
    """The models that can be asked."""

    models: list[Model]


@_answer
class ModelName:
    """The model that was asked."""

    id: str
    name: str


@_answer
class Share:
    """A class, and how probable it is."""

    label: str
    probability: Probability


@_answer
class Prediction:
    """The answer about an image."""

    name: str
    label: Annotated[str, Field(description="The most probable class.")]
    confidence: Annotated[Probability, Field(description="Its probability.")]
    unsure: Annotated[bool, Field(description="Whether that is below the threshold.")]
    unfamiliar: Annotated[
        bool | None,
        Field(
            description="Whether it looks like nothing that the model was trained on; null where "
            "that was not asked for (familiarity), or is not known of this model."
        ),
    ]
    top: Annotated[
        list[Share],
        Field(min_length=1, description="The most probable classes, highest first."),
    ]


@_answer
class Unreadable:
    """An image without an answer."""

    name: str
    error: Annotated[str, Field(description="Why it could not be read.")]


@_answer
class Answer:
    """The answers about all images of a request, in their order."""

    model: ModelName
    predictions: Annotated[list[Prediction | Unreadable], Field(min_length=1)]
    threshold: Annotated[Probability, Field(description="Below it, an answer is marked as unsure.")]
    milliseconds: Annotated[float, Field(ge=0, description="Time on the server.")]


@_answer
class Fault:
    """One value that can't be used."""

    pointer: Annotated[
        str,
        Field(description="Which part, as a JSON pointer; of the address, “?” and its name."),
    ]
    detail: str


@dataclass(frozen=True)
class Problem:
    """Why there is no answer (RFC 9457)."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    error_id: Annotated[str, Field(description="Names a defect in the logs.")] = ""
    errors: list[Fault] = field(default_factory=list)
