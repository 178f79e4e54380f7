"""What is imported for good is left out of garbage collection, and nothing else is."""

import subprocess
import sys

import pytest

_CODE = """
import gc, weakref
from core.lasting import lasting

class Cycle:
    def __init__(self):
        self.itself = self

with lasting():
    off = not gc.isenabled()
    with lasting():
        pass
    still_off = not gc.isenabled()
    import decimal
on = gc.isenabled()
later = weakref.ref(Cycle())
gc.collect()
print(off, still_off, on, gc.get_freeze_count() > 1000, later() is None)
"""


def test_imports_are_left_out_and_what_comes_later_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 5


_KERAS = """
import gc, sys
from core.quiet import load_keras
load_keras()
load_keras()
print("matplotlib" in sys.modules, gc.isenabled(), gc.get_freeze_count() > 100_000)
import matplotlib.pyplot
"""


@pytest.mark.keras
def test_keras_comes_quietly_without_what_nobody_asks_it_for() -> None:
    code = [sys.executable, "-c", _KERAS]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
