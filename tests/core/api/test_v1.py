"""What a program is answered: the same probabilities as the page, or a problem that says why
not."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import contextlib
import json
import re
import socket
import tracemalloc
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import requests
from starlette.requests import Request
from starlette.types import Message

from core.api import limits, schemas, v1
from core.api.bodies import Image
from core.api.openapi import Api, Operation
from core.api.v1 import openapi
from core.catalog import Catalog, RunRecord
from core.evaluation.out_of_distribution import fit_detector
from core.evaluation.threshold import sure_from
from core.inference.keys import create_key, list_keys, revoke_key
from core.inference.predictor import open_predictor
from core.who import Who, acting_as
from tests.core.api.asking import COLOURS, Client, add_run, image, problem, with_key
from tests.core.api.serving import serving
from tests.core.evaluation.coloured import CLASSES, write_colour
from tests.core.evaluation.test_out_of_distribution import of_another_kind
from tests.core.inference.shaped import weighing_run
from tests.waiting import wait_until


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fits(value: object, schema: str) -> None:
    """The value is what the OpenAPI document promises."""
    components = {"components": openapi()["components"]}
    jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", **components}
    ).validate(value)


def test_a_form_with_a_file_is_answered_with_the_pages_own_probabilities(
    program: Client, model: RunRecord, catalog: Catalog
) -> None:
    data = image("green", (500, 374), "JPEG")
    answer = program.predict(model, files={"images": ("grün.jpg", data)}, data={"top_k": "2"})
    assert answer.status_code == 200, answer.text
    fits(answer.json(), "Answer")
    (given,) = answer.json()["predictions"]
    (shown,) = open_predictor(catalog.workspace, model.id).predict([("grün.jpg", data)], top=2)
    assert (given["name"], given["label"], given["unsure"]) == ("grün.jpg", "green", False)
    assert given["confidence"] == shown.confidence
    assert [(each["label"], each["probability"]) for each in given["top"]] == list(shown.top)
    assert answer.json()["model"] == {"id": model.id, "name": "colours"}


def test_json_with_base64_gives_the_same_as_a_form(program: Client, model: RunRecord) -> None:
    colours = ["blue", "red", "green"]
    files = [("images", (f"{each}.png", image(each))) for each in colours]
    lines = base64.encodebytes(image("red")).decode()
    sent = [
        {"name": "blue.png", "data": encoded(image("blue"))},
        {"name": "red.png", "data": lines},
        {"name": "green.png", "data": f"data:image/png;base64,{encoded(image('green'))}"},
    ]
    form = program.predict(model, files=files).json()["predictions"]
    answers = program.predict(model, json={"images": sent}).json()["predictions"]
    assert answers == form
    assert [each["label"] for each in answers] == colours
    plain = program.predict(model, json={"images": [encoded(image("blue"))]}).json()
    assert plain["predictions"][0] == {**form[0], "name": "image 1"}


def test_below_the_threshold_it_is_not_sure(
    program: Client, model: RunRecord, catalog: Catalog
) -> None:
    for threshold, unsure in ((0.0, False), (0.999, True)):
        answer = program.predict(
            model, json={"images": [encoded(image())], "threshold": threshold, "top_k": 1}
        ).json()["predictions"][0]
        assert answer["unsure"] is unsure
        assert len(answer["top"]) == 1
    whole = program.predict(model, files={"images": image()}).json()
    assert whole["threshold"] == sure_from(catalog.workspace, model.id).threshold


def test_what_looks_like_nothing_it_was_trained_on_is_said_where_that_is_asked_for(
    program: Client, catalog: Catalog, tmp_path: Path
) -> None:
    run = weighing_run(catalog, tmp_path / "colours", training=60, validation=40)
    catalog.jobs.finish(run.job_id, "done")
    green = write_colour(tmp_path / "green.png", "green", 77).read_bytes()
    sent = {"images": [encoded(green), encoded(b"none"), encoded(of_another_kind(3))]}
    for known, asked in ((False, True), (True, False), (True, True)):
        if known:
            fit_detector(catalog, run.id)
        answer = program.predict(run, json={**sent, "familiarity": asked}).json()
        fits(answer, "Answer")
        usual, unread, odd = answer["predictions"]
        assert "unfamiliar" not in unread
        expected = (False, True) if known and asked else (None, None)
        assert (usual["unfamiliar"], odd["unfamiliar"]) == expected


def test_an_image_that_cannot_be_read_does_not_spoil_the_others(
    program: Client, model: RunRecord
) -> None:
    files = [("images", ("a.png", image())), ("images", ("b.png", b"no image"))]
    answer = program.predict(model, files=files)
    assert answer.status_code == 200
    fits(answer.json(), "Answer")
    good, bad = answer.json()["predictions"]
    assert good["label"] == "red"
    assert "not an image" in bad["error"]
    none = program.predict(model, files=files[1:])
    fits(problem(none, 422, "unreadable-image"), "Problem")


def test_models_are_listed_without_what_is_unfinished_archived_or_in_the_bin(
    program: Client, model: RunRecord, catalog: Catalog
) -> None:
    for name, do in (("old", "archive"), ("gone", "delete")):
        run = add_run(catalog, name)
        catalog.runs.archive(run.id) if do == "archive" else catalog.runs.delete(run.id)
    job = catalog.jobs.hold("train", {}, lane="train")
    catalog.runs.add("waits", dataset_id="x", dataset_version=1, spec={}, job_id=job.id)
    listed = program.get("/v1/models")
    fits(listed.json(), "Models")
    (only,) = listed.json()["models"]
    assert (only["id"], only["classes"], only["test_accuracy"]) == (model.id, CLASSES, 0.9)
    assert only["predict"] == f"/api/v1/models/{model.id}/predict"
    for name in ("gone", "waits", "nobody", "%00", "..%2f.."):
        found = program.ask("POST", f"/v1/models/{name}/predict", json={"images": ["AAAA"]})
        problem(found, 404, "not-found")
    assert program.ask("POST", "/v1/models/old/predict", files={"images": image()}).ok


@pytest.mark.parametrize("name", ["model.json", "model.xml", "model.bin"])
def test_a_damaged_model_is_a_problem_that_says_how_it_is_made_again(
    program: Client, model: RunRecord, catalog: Catalog, name: str
) -> None:
    whole = add_run(catalog, "whole")
    (catalog.workspace.run(model.id) / name).write_bytes(b"not what it was")
    found = problem(program.predict(model, files={"images": image()}), 500, "damaged")
    assert "again" in found["detail"]
    assert program.predict(whole, files={"images": image()}).ok
    assert whole.id in {each["id"] for each in program.get("/v1/models").json()["models"]}


def test_nobody_is_answered_without_a_key_in_force(
    api: str, model: RunRecord, catalog: Catalog
) -> None:
    key, secret = create_key(catalog.workspace, "scanner")
    sent = {"files": {"images": image()}}
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client(api).predict(model, headers=bearer, **sent).ok
    assert Client(api).predict(model, headers={"X-API-Key": secret}, **sent).ok
    wrong: list[dict[str, str]] = [
        {},
        {"X-API-Key": secret[:-1]},
        {"Authorization": f"Basic {secret}"},
        {"Authorization": "Bearer"},
        {"X-API-Key": key.hash},
        {"X-API-Key": key.id},
    ]
    for headers in wrong:
        refused = Client(api).predict(model, headers=headers, **sent)
        problem(refused, 401, "key-needed")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        problem(Client(api).get("/v1/models", headers=headers), 401, "key-needed")
    assert list_keys(catalog.workspace)[0].used_at is not None
    revoke_key(catalog.workspace, "scanner")
    problem(Client(api).predict(model, headers=bearer, **sent), 401, "key-needed")


def test_a_key_that_is_used_too_often_waits(api: str, model: RunRecord, catalog: Catalog) -> None:
    slow = with_key(api, catalog, "slow", per_minute=2)
    other = with_key(api, catalog, "other")
    assert [slow.get("/v1/models").status_code for _ in range(2)] == [200, 200]
    refused = slow.get("/v1/models")
    problem(refused, 429, "rate")
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert other.get("/v1/models").ok


def test_a_rate_is_a_bucket_that_fills_again() -> None:
    now = [0.0]
    rate = limits.Rate(lambda: now[0])
    assert [rate.take("a", 3) for _ in range(4)] == [0, 0, 0, 20]
    assert rate.take("b", 3) == 0
    now[0] = 20.0
    assert rate.take("a", 3) == 0
    assert rate.take("a", 3) == pytest.approx(20)
    now[0] = 1000.0
    assert [rate.take("a", 3) for _ in range(4)] == [0, 0, 0, 20]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v2/models", 404, "not-found"),
        ("GET", "/v1/models/", 404, "not-found"),
        ("DELETE", "/v1/models", 405, "method"),
        ("GET", "/v1/models/x/predict", 405, "method"),
        ("POST", "/v1/health", 405, "method"),
    ],
)
def test_unknown_addresses_and_methods_are_problems_too(
    api: str, method: str, path: str, status: int, kind: str
) -> None:
    answer = Client(api).ask(method, path)
    problem(answer, status, kind)
    assert ("allow" in answer.headers) == (status == 405)


def test_a_wish_behind_the_address_is_refused_where_it_would_be_ignored(
    program: Client, model: RunRecord
) -> None:
    path = f"/v1/models/{model.id}/predict"
    for asked in (
        program.ask("POST", path, files={"images": image()}, params={"top_k": "1", "top": "abc"}),
        program.get("/v1/models", params={"limit": 3}),
    ):
        found = problem(asked, 422, "invalid")
        assert [each["pointer"][0] for each in found["errors"]] == ["?"] * len(found["errors"])
    assert program.ask("POST", path, files={"images": image()}).status_code == 200


def test_a_defect_has_an_id_and_no_details(
    program: Client, model: RunRecord, catalog: Catalog
) -> None:
    # A model that is of another size than is noted of it.
    (catalog.workspace.run(model.id) / "model.json").write_text(
        '{"classes": ["secret"], "image_size": 7}'
    )
    found = problem(program.predict(model, files={"images": image()}), 500, "defect")
    assert re.fullmatch("e-[0-9a-f]{8}", found["error_id"])
    assert "incompatible" not in json.dumps(found)
    log = catalog.workspace.logs / f"{found['error_id']}.txt"
    assert "incompatible" in log.read_text()


def test_health_and_the_documents_need_no_key(api: str) -> None:
    asking = Client(api)
    fits(asking.get("/v1/health").json(), "Health")
    assert asking.get("/v1/openapi.json").json() == json.loads(json.dumps(openapi()))
    page = asking.get("/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)
    assert "/*SCRIPT*/" not in page.text


def test_the_document_names_every_route_and_every_error() -> None:
    jsonschema.Draft202012Validator.check_schema(openapi()["components"]["schemas"]["Question"])
    routes = {
        (route.path.removeprefix("/v1"), method)
        for route in v1._router.routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }
    named = {(path, verb.upper()) for path, verbs in openapi()["paths"].items() for verb in verbs}
    assert routes == named
    for text in re.findall(r'"\$ref": "([^"]+)"', json.dumps(openapi())):
        place = openapi()
        for step in text.removeprefix("#/").split("/"):
            place = place[step]


def test_a_route_that_is_added_is_served_and_described() -> None:
    api = Api("/v1")

    @api.answers(Operation("POST", "/echo/{id}", "echo", "It", bodies={"application/json": Image}))
    async def _echo(request: Request) -> schemas.Share:
        """What was sent."""
        return schemas.Share(request.path_params["id"], len(await request.body()))

    (said,) = api.document()["paths"]["/echo/{id}"].values()
    assert said["summary"] == "What was sent"
    assert [each["name"] for each in said["parameters"]] == ["id"]
    answer = said["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Share"}
    assert api.document()["components"]["schemas"]["Image"]["required"] == ["data"]
    with serving(api.routes) as base:
        told = requests.post(f"{base}/v1/echo/a", data=b"12345", timeout=20)
    assert told.json() == {"label": "a", "probability": 5}


def test_other_sites_may_ask_with_a_key(api: str) -> None:
    answer = Client(api).ask(
        "OPTIONS",
        "/v1/models",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_too_much_at_once_is_cut_off(
    program: Client, model: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1024**2)
    sent = {"headers": {"Content-Type": "application/json"}}

    def endless() -> object:
        for _ in range(64):
            taken.append(1)
            yield b" " * 65536

    taken: list[int] = []
    for data in (b" " * (1024**2 + 1), endless()):
        # Or it is refused while it is still being sent.
        with contextlib.suppress(requests.ConnectionError):
            problem(program.predict(model, data=data, **sent), 413, "too-large")
    assert len(taken) > 15, "without its length, it is read until it is too much"
    images = [encoded(image())] * (limits.MAX_IMAGES + 1)
    problem(program.predict(model, json={"images": images}), 422, "invalid")
    form = [("images", ("a", image()))] * (limits.MAX_IMAGES + 1)
    problem(program.predict(model, files=form), 422, "invalid")
    assert program.predict(model, files=form[1:]).ok
    monkeypatch.setenv("LIGHTBOX_MAX_PIXELS", "1000")
    problem(program.predict(model, files=form[:3]), 413, "too-large")


def test_more_than_there_is_room_for_is_sent_away(
    program: Client, model: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(v1, "_budget", limits.Budget(100))
    refused = program.predict(model, files={"images": image("red", (200, 200), "BMP")})
    problem(refused, 503, "busy")
    assert refused.headers["retry-after"] == "1"
    assert v1._budget._held == 0


def test_a_body_takes_the_room_that_is_counted_for_it() -> None:
    pieces = 64
    size = pieces * 64 * 1024

    async def receive() -> Message:
        nonlocal pieces
        pieces -= 1
        return {"type": "http.request", "body": bytes(64 * 1024), "more_body": pieces > 0}

    async def held() -> int:
        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        tracemalloc.start()
        try:
            async with limits.Budget().body(request) as body:
                assert len(body) == size
                return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        # Where a browser is driven, this one has a loop already.
        assert thread.submit(asyncio.run, held()).result(30) < 1.5 * size


def test_a_body_that_does_not_come_is_not_waited_for(
    api: str, model: RunRecord, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.2)
    _, secret = create_key(catalog.workspace, "slow")
    place = urlsplit(api)
    head = (
        f"POST /api/v1/models/{model.id}/predict HTTP/1.1\r\nHost: x\r\nX-API-Key: {secret}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with socket.create_connection((place.hostname, place.port), timeout=20) as leaves:
        leaves.sendall(head.encode())
    with socket.create_connection((place.hostname, place.port), timeout=20) as waits:
        waits.sendall(head.encode())
        answer = b"".join(iter(lambda: waits.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"/api/v1/docs#timeout" in answer
    assert v1._budget._held == 0
    assert list(catalog.workspace.logs.iterdir()) == []


def test_a_damaged_list_of_keys_opens_nothing(
    api: str, program: Client, model: RunRecord, catalog: Catalog
) -> None:
    (catalog.workspace.home / "api-keys.json").write_text("{}")
    found = problem(program.predict(model, files={"images": image()}), 500, "defect")
    assert "keys is damaged" in found["detail"]
    assert str(catalog.workspace.home) not in json.dumps(found)


def test_many_programs_at_once_get_their_own_answers(
    api: str, model: RunRecord, catalog: Catalog
) -> None:
    _, secret = create_key(catalog.workspace, "many")
    files = {colour: image(colour) for colour in COLOURS}

    def ask(n: int) -> bool:
        colour = list(COLOURS)[n % 3]
        answer = Client(api, secret).predict(model, files={"images": files[colour]})
        return bool(answer.json()["predictions"][0]["label"] == colour)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(60)))


def test_what_is_kept_of_a_key_does_not_open_anything(catalog: Catalog) -> None:
    _, secret = create_key(catalog.workspace, "a")
    kept = (catalog.workspace.home / "api-keys.json").read_text()
    assert secret not in kept
    assert secret[7:] not in kept


def test_a_key_asks_the_models_it_is_for_as_long_as_its_owner_may(
    api: str, model: RunRecord, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = add_run(catalog, "other")
    anna = catalog.people.add("Anna", "trainer")
    with acting_as(Who("trainer", "Anna")):
        narrow = Client(api, create_key(catalog.workspace, "narrow", models=[model.id])[1])
        wide = Client(api, create_key(catalog.workspace, "wide")[1])
    monkeypatch.setenv("LIGHTBOX_ACCESS", "password")
    files = {"images": image()}
    assert [each["id"] for each in narrow.get("/v1/models").json()["models"]] == [model.id]
    assert narrow.predict(model, files=files).status_code == 200
    # What it may not know of is said of as what isn't there, and neither names others.
    for unknown in (other.id, other.name, "othr"):
        path = f"/v1/models/{unknown}/predict"
        said = problem(narrow.ask("POST", path, files=files), 404, "not-found")["detail"]
        assert said.replace(unknown, "X") == (
            "There is no model “X” that this key may ask. "
            "GET /api/v1/models lists those that it may."
        )
    assert wide.predict(other, files=files).status_code == 200
    # What is somebody else's alone is not asked by way of a key either.
    catalog.visibility.set("run", other.id, "Boris", "private")
    wait_until(lambda: wide.predict(other, files=files).status_code == 404, 3, "the model's end")
    catalog.people.change(anna.id, disabled=True)
    wait_until(lambda: wide.get("/v1/models").status_code == 401, 3, "the key's end")
    problem(narrow.predict(model, files=files), 401, "key-needed")
