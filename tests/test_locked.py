"""What is installed is what was locked: every pinned package, at its version, by hash."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import ROOT

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def test_all_that_is_pinned_is_locked_by_hash() -> None:
    wanted = dict(PINNED.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(PINNED.findall(text))
    different = {name for name, version in wanted.items() if locked.get(name) != version}
    assert not different, f"run: make lock (for {', '.join(sorted(different))})"
    for block in re.split(r"\n(?=[A-Za-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "http" not in text, "where packages came from is nobody else's business"


def test_people_with_conda_get_the_same_packages_and_a_python_that_can_run_them() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    channel, python, *pip = re.findall(r"^ +- (.+)$", text, re.MULTILINE)
    assert (channel, pip) == ("conda-forge", ["pip", "pip:", "-r requirements.txt"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = project["project"]["requires-python"].removeprefix(">=")
    assert python == f"python={oldest}"
    (name,) = re.findall(r"^name: (.+)$", text, re.MULTILINE)
    assert f"conda activate {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_the_guide_has_written_beside_the_code_stays_out_of_image_and_repository() -> None:
    guide = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    assert "> .env" in guide
    assert "backup before.lightbox" in guide
    for name in (".dockerignore", ".gitignore"):
        kept_out = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert {".env", "*.lightbox"} <= set(kept_out), name
