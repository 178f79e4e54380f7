"""What only a person can say about a model: what it is meant for, under what licence, and notes.

Kept as ``about.json`` in the run's folder, and part of the model card; nothing is said in their
place where they are empty.
"""

from __future__ import annotations

from pydantic import BaseModel, Field, ValidationError

from core.errors import InvalidInput
from core.runs.reading import value_in
from core.who import require
from core.workspace import Workspace, write_json

_FILE = "about.json"
MOST = 4000


class About(BaseModel, frozen=True, extra="ignore", str_strip_whitespace=True):
    """Texts of a person, each at most 4,000 characters; "" for none.

    Attributes:
        use: what the model is meant for, by whom, and what it is not meant for.
        licence: under which terms model and images may be used.
        remarks: anything else.
    """

    use: str = Field(default="", max_length=MOST)
    licence: str = Field(default="", max_length=MOST)
    remarks: str = Field(default="", max_length=MOST)


def load_about(workspace: Workspace, run_id: str) -> About:
    """What was said about a run; nothing if nothing was, or the file is damaged."""
    return value_in(workspace.run(run_id) / _FILE, About) or About()


def save_about(workspace: Workspace, run_id: str, *, use: str, licence: str, remarks: str) -> About:
    """Keep what a person says about a run.

    Raises:
        NotAllowed: whoever acts may say nothing about models.
        InvalidInput: a text is too long.
    """
    require("trainer")
    try:
        about = About(use=use, licence=licence, remarks=remarks)
    except ValidationError as error:
        raise InvalidInput(
            f"A text is longer than {MOST:,} characters.", remedy="Shorten it."
        ) from error
    write_json(workspace.run(run_id) / _FILE, about.model_dump())
    return about
