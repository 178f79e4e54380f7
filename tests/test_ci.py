"""Around the checks, .ci/run passes their exit status on and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.waiting import wait_until

RUN = Path(__file__).resolve().parents[1] / ".ci" / "run"
# Says where it works and what it leaves running, and goes on as told.
LEAVE = 'sleep 300 & echo "$!" > "$0/left"; pwd > "$0/where"; '


def begin(tmp_path: Path, then: str, leave: str = LEAVE) -> subprocess.Popen[bytes]:
    """A stand-in for the checks, below a folder for temporary files that is ``tmp_path``'s."""
    (tmp_path / "tmp").mkdir()
    return subprocess.Popen(
        [str(RUN), "sh", "-c", leave + then, str(tmp_path)],
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        # A shell can't listen to what was ignored when it began, as background jobs ignore SIGINT
        # and what nohup has started SIGHUP.
        preexec_fn=_listening,
    )


def _listening() -> None:
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def check_nothing_is_left(tmp_path: Path) -> None:
    assert Path((tmp_path / "where").read_text().strip()).parent == tmp_path / "tmp"
    assert list((tmp_path / "tmp").iterdir()) == []
    left = int((tmp_path / "left").read_text())
    wait_until(lambda: not is_running(left), 10, "what was left running to be ended")


@pytest.mark.parametrize("status", [0, 7])
def test_it_ends_as_what_it_ran_and_ends_what_that_left(tmp_path: Path, status: int) -> None:
    assert begin(tmp_path, f"exit {status}").wait(60) == status
    check_nothing_is_left(tmp_path)


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_told_to_stop_it_stops_everything(
    tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    running = begin(tmp_path, "wait")
    wait_until((tmp_path / "where").exists, 30, "the stand-in")
    running.send_signal(sent)
    assert running.wait(60) == status
    check_nothing_is_left(tmp_path)


@pytest.mark.skipif(shutil.which("setsid") is None, reason="nothing here begins a session")
def test_what_began_a_session_of_its_own_is_ended_too(tmp_path: Path) -> None:
    running = begin(tmp_path, "wait", leave=LEAVE.replace("sleep", "setsid sleep"))
    wait_until((tmp_path / "where").exists, 30, "the stand-in")
    running.terminate()
    assert running.wait(60) == 143
    check_nothing_is_left(tmp_path)


def test_what_does_not_hear_is_made_to_go(tmp_path: Path) -> None:
    deaf = "trap '' TERM; " + LEAVE
    assert begin(tmp_path, "exit 3", leave=deaf).wait(60) == 3
    check_nothing_is_left(tmp_path)
