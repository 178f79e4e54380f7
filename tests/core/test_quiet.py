"""Nothing that Lightbox imports may report home."""

import subprocess
import sys
from pathlib import Path


def test_openvino_is_imported_with_its_telemetry_stubbed_out() -> None:
    code = (
        "from core.quiet import openvino\n"
        "openvino()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"


TALK = """
import os, sys, warnings
from pathlib import Path
from core.quiet import libraries_aside
log = Path(sys.argv[1])
with libraries_aside(log) as aside:
    os.write(1, b"from C++ to one\\n")
    os.write(2, b"from C++ to two\\n")
    print("from Python")
    warnings.warn("a warning")
    print("for a person", file=aside.out)
    print("progress", file=aside.err)
    assert "from Python" in aside.last()
print("afterwards")
"""


def test_libraries_talk_to_a_log_and_people_hear_only_what_is_for_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", TALK, str(log)], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("for a person\nafterwards\n", "progress\n")
    said = log.read_text(encoding="utf-8")
    assert all(said.count(f"from {what}") == 2 for what in ("C++ to one", "C++ to two", "Python"))
    assert "a warning" in said


def test_a_log_that_can_not_be_written_or_has_nothing_in_it_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for log in (tmp_path / "file" / "log", tmp_path / "empty"):
        code = TALK.split("    os.write")[0] + "    print('for a person', file=aside.out)"
        done = subprocess.run(
            [sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("for a person\n", "")
        assert not log.exists()


def test_a_library_that_ends_the_process_is_seen_to(tmp_path: Path) -> None:
    code = TALK.split("    os.write")[0] + "    os.abort()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Aborted" in done.stderr
