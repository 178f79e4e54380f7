"""Whether chosen settings can work, asked at every change; remembered, since it plans the split."""

from __future__ import annotations

import pandas as pd

from core.errors import InvalidInput
from core.training import checks
from core.training.checks import WrongSetting
from core.training.spec import TrainSpec
from pages._widgets.form import Form
from pages._widgets.remembered import remembered
from pages._widgets.session import catalog
from pages._widgets.weights import check_file


def check(form: Form, good: pd.DataFrame) -> tuple[TrainSpec, list[str]]:
    """The settings as they are chosen now, and what the person should know before this training.
    What can't work is the form's ``wrong`` from then on.

    Args:
        good: usable images.
    """
    spec = form.base
    said: list[str] = []
    try:
        spec = form.spec()
        form.check_readable()
        check_file(spec)
        said, form.wrong = _check(spec, good)
    except InvalidInput as error:
        form.wrong = _named(error)
    return spec, said


def _named(error: InvalidInput) -> WrongSetting:
    """A refusal by itself, without what it was raised in; of no setting where none is at fault."""
    return WrongSetting(getattr(error, "setting", ""), error.title, error.remedy)


# Not for long: runs and files that weights come from may go.
@remembered(lambda spec, _: spec.model_dump_json(), shared=True, max_entries=64, ttl=20)
def _check(spec: TrainSpec, good: pd.DataFrame) -> tuple[list[str], WrongSetting | None]:
    try:
        return checks.check(spec, good, catalog()), None
    except InvalidInput as error:
        return [], _named(error)
