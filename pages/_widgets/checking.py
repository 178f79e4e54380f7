"""Whether chosen settings can work, asked at every change; remembered, since it plans the split."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import InvalidInput
from core.training import checks
from core.training.checks import WrongSetting
from core.training.spec import TrainSpec
from pages._widgets.session import catalog
from pages._widgets.weights import check_file


def check(spec: TrainSpec, good: pd.DataFrame) -> list[str]:
    """What the person should know before this training.

    Args:
        good: usable images.

    Raises:
        WrongSetting: it can't work; ``setting`` is "" where no single one is at fault.
    """
    check_file(spec)
    warnings, wrong = _check(str(catalog().workspace.home), spec.model_dump_json(), good, spec)
    if wrong is not None:
        raise WrongSetting(*wrong)
    return warnings


# Not for long: runs and files that weights come from may go.
@st.cache_data(show_spinner=False, max_entries=64, ttl=20)
def _check(
    home: str, settings: str, _good: pd.DataFrame, _spec: TrainSpec
) -> tuple[list[str], tuple[str, str, str] | None]:
    del home, settings  # parts of the key only
    try:
        return checks.check(_spec, _good, catalog()), None
    except WrongSetting as error:
        return [], (error.setting, error.title, error.remedy)
    except InvalidInput as error:
        return [], ("", error.title, error.remedy)
