"""Whatever is killed, whenever: what was promised is there, and nothing is half there.

``LIGHTBOX_KILLS=200`` kills more often than a usual run of the tests has time for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.core.datasets.packing import good, make_zip

KILLS = int(os.environ.get("LIGHTBOX_KILLS", "10"))


@pytest.mark.skipif(sys.platform == "win32", reason="rounds are forks")
def test_nothing_is_lost_or_half_there_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    make_zip(tmp_path / "photos.zip", good())
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed", str(tmp_path), str(KILLS), str(os.getpid())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120 + KILLS * 20,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
