"""The image and the compose file say nothing that isn't so: building takes minutes, by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from core.cli.parser import parse

ROOT = Path(__file__).resolve().parents[1]
_WANTED = re.compile(r"\$\{(\w+):\?[^}]*}")


def dockerfile() -> dict[str, list[str]]:
    """What each instruction of the Dockerfile says, by its name."""
    said: dict[str, list[str]] = {}
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper():
            said.setdefault(name, []).append(rest.strip())
    return said


def health_command() -> list[str]:
    """What the image is asked whether it is well with; ``python`` first."""
    found: list[str] = json.loads(dockerfile()["HEALTHCHECK"][0].partition("CMD")[2])
    return found


@pytest.fixture
def composed() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_what_compose_asks_for_is_there(composed: dict[str, Any]) -> None:
    services = composed["services"]
    for name, service in services.items():
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in composed["volumes"], name
        for other in service.get("depends_on", ()):
            assert "healthcheck" in services[other], name
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    for wanted in set(_WANTED.findall(text)):
        assert f"{wanted}=%s" in guide or f"{wanted}=https" in guide
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "core").rglob("*.py"))
    for each in ("lightbox", "worker"):
        for setting in services[each]["environment"]:
            assert f'"{setting}"' in sources


def test_the_services_reach_each_other(composed: dict[str, Any]) -> None:
    services, image = composed["services"], dockerfile()
    database = services["database"]["environment"]
    for each in ("lightbox", "worker"):
        address = services[each]["environment"]["LIGHTBOX_DATABASE"]
        url = sqlalchemy.make_url(_WANTED.sub(r"\1", address))
        assert url.host in services
        assert url.username == database["POSTGRES_USER"]
        assert url.database == database["POSTGRES_DB"]
        assert _WANTED.findall(address) == _WANTED.findall(database["POSTGRES_PASSWORD"])
    (port,) = image["EXPOSE"]
    app = services["lightbox"]
    assert app["ports"] == [f"127.0.0.1:{port}:{port}"]  # a proxy on this computer is in front
    assert app["environment"]["LIGHTBOX_BIND"] == f"0.0.0.0:{port}"
    assert f"127.0.0.1:{port}/" in health_command()[-1]
    python, module, core, *words = services["worker"]["command"]
    assert (python, module, core) == ("python", "-m", "core")
    assert parse(words).command.name == "worker"
    assert json.loads(image["CMD"][0]) == ["python", "app.py"]


def test_a_ray_cluster_asks_for_its_token_and_does_what_the_dispatcher_sends() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    cluster, dispatcher = yaml.safe_load_all((ROOT / "deploy/ray.yaml").read_text(encoding="utf-8"))
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    pinned = (ROOT / "requirements-ray.txt").read_text(encoding="utf-8")
    assert f"ray=={spec['rayVersion']}\n" in pinned
    assert spec["authOptions"]["mode"] == "token"
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (sends,) = dispatcher["spec"]["template"]["spec"]["containers"]
    said = {each["name"]: each for each in sends["env"]}
    assert said["RAY_AUTH_MODE"]["value"] == "token"
    # Where the operator puts it: a secret of the cluster's name.
    secret = said["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert secret == {"name": name, "key": "auth_token"}
    assert f"--address={name}-head-svc:6379 --num-cpus=0" in sends["args"][0]
    words = sends["args"][0].partition("python -m core ")[2].split()
    assert parse(words).command.name == "worker"
    for group in spec["workerGroupSpecs"]:
        pod = group["template"]["spec"]
        (works,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert works["resources"]["limits"] == works["resources"]["requests"]
        assert works["volumeMounts"] == sends["volumeMounts"]
        assert works["env"] == [said["LIGHTBOX_DATABASE"]]
        assert group["minReplicas"] == 0


def test_the_image_has_no_rights_and_writes_to_its_volume_only(composed: dict[str, Any]) -> None:
    image = dockerfile()
    assert image["USER"] == ["lightbox"]
    (volume,) = image["VOLUME"]
    places = [
        value for value in re.findall(r"=(/\S+)", " ".join(image["ENV"])) if value != f"{volume}"
    ]
    assert places
    assert all(place.startswith((f"{volume}/", "/tmp")) for place in places)
    for each in ("lightbox", "worker"):
        service = composed["services"][each]
        assert service["read_only"]
        assert service["tmpfs"] == ["/tmp"]
        assert [each.partition(":")[2] for each in service["volumes"]] == [volume]
        assert service["cap_drop"] == ["ALL"]
    for sources in image["COPY"]:
        for source in sources.split()[:-1]:
            assert (ROOT / source).exists()
