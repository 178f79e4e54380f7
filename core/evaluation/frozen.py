"""What is found out about a model, as JSON on the disk: never changed, and with nothing unknown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Values that stay as they were made."""

    model_config = ConfigDict(frozen=True, extra="forbid")
