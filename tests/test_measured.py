"""What is recorded of how long tests take."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_CODE = """
import subprocess, sys
from tests.measured import _Children

busy = [sys.executable, "-c", "import time\\nwhile time.process_time() < 0.2: pass"]
children = _Children()
children.test = "starts two"
first, second = subprocess.Popen(busy), subprocess.Popen(busy)
children.test = "waits for both"
first.wait()
while second.poll() is None:
    pass
children.test = "has one of its own"
subprocess.run(busy)
found = children.ended()
print(sorted(found), found["starts two"] >= 0.4, found["has one of its own"] >= 0.2)
print(children.ended())
"""


def test_what_a_process_computes_counts_for_the_test_that_started_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "['has one of its own', 'starts two'] True True",
        "defaultdict(<class 'float'>, {})",
    ]
