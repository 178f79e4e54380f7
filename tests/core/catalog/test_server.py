"""The catalog in PostgreSQL: whatever happens to the server, work goes on or ends in a sentence."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from core.catalog import Catalog, database, open_catalog
from core.catalog import server as servers
from core.catalog.engines import engine_of
from core.catalog.migrating import HEAD, revision_of
from core.catalog.models import Base
from core.catalog.server import sentence_of, server_url
from core.cli import main
from core.errors import Conflict, InvalidInput, LightboxError, NotAllowed, NotFound, Unreachable
from core.workspace import Workspace
from tests.postgres import Server

ROOT = Path(__file__).resolve().parents[3]


def test_migrations_make_exactly_the_tables_of_the_models(on_server: str, catalog: Catalog) -> None:
    assert catalog.engine.dialect.name == "postgresql"
    with catalog.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


@pytest.mark.skipif(sys.platform == "win32", reason="claimers are forks")
@pytest.mark.usefixtures("either_database")
def test_sixteen_who_claim_at_once_never_get_the_same_job(catalog: Catalog) -> None:
    jobs = [catalog.jobs.add("scan", {}, lane="light").id for _ in range(64)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.catalog.claimers", "16"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    given = json.loads(done.stdout)
    assert sorted(job for each in given for job in each) == sorted(jobs)


def test_what_json_can_not_hold_is_kept_as_in_a_file(on_server: str, catalog: Catalog) -> None:
    job = catalog.jobs.add("scan", {"text": "a\0b\ud83d", "most": 2**40}, lane="light")
    catalog.jobs.append_event(job.id, "epoch", {"loss": float("inf")})
    assert catalog.jobs.get(job.id).spec == job.spec
    assert catalog.jobs.events(job.id)[0].payload == {"loss": float("inf")}
    catalog.jobs.progress(job.id, "download", 2**40, 2**41, "no\0ught")
    assert catalog.jobs.get(job.id).done == 2**40


def test_connections_that_were_cut_are_made_anew(
    on_server: str, catalog: Catalog, server: Server
) -> None:
    catalog.datasets.add("hands", "folder", "/photos")
    server.cut(on_server)
    assert [each.name for each in catalog.datasets.all()] == ["hands"]


def test_while_the_server_is_away_that_is_said_and_afterwards_all_is_there(
    on_server: str, catalog: Catalog, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog.datasets.add("hands", "folder", "/photos")
    server.stop()
    try:
        with pytest.raises(Unreachable, match="can’t be reached"):
            catalog.datasets.all()
        database._open.clear()
        assert main(["dataset", "list"]) == 2
        assert "The database can’t be reached" in capsys.readouterr().err
    finally:
        server.start()
    assert [each.name for each in catalog.datasets.all()] == ["hands"]


def test_a_server_that_ends_in_the_middle_of_something_leaves_nothing_of_it(
    on_server: str, catalog: Catalog, server: Server
) -> None:
    with pytest.raises(Unreachable), catalog.engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = 'half'"))
        server.cut(on_server)
        connection.execute(sqlalchemy.text("SELECT 1"))
    catalog.datasets.add("hands", "folder", "/photos")
    assert revision_of(catalog.engine) == HEAD


def test_a_full_pool_is_a_sentence(
    on_server: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_CONNECTIONS", "_MORE_CONNECTIONS"):
        monkeypatch.setattr(servers, name, 1)
    monkeypatch.setattr(servers, "_WAIT_S", 0.5)
    catalog = open_catalog(workspace)
    with (
        catalog.engine.connect(),
        catalog.engine.connect(),
        pytest.raises(Unreachable, match="in use"),
    ):
        catalog.datasets.all()
    assert catalog.datasets.all() == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://here/lightbox", "SQLite or PostgreSQL"),
        ("postgresql+pg8000://here", "names no database"),
        ("postgresql+pg8000://here/lightbox", "as whom"),
        ("postgresql+asyncpg://anna@here/lightbox", "not installed"),
    ],
)
def test_an_address_that_can_not_be_used_is_refused_with_a_sentence(
    address: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        server_url(address)


def test_without_a_driver_in_it_an_address_gets_one_that_is_there() -> None:
    assert server_url("postgresql://anna@here/lightbox").drivername == "postgresql+pg8000"


@pytest.fixture
def certificate(server: Server, tmp_path: Path) -> Iterator[Path]:
    """The certificate of a server that encrypts what it is asked to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server.encrypt(made, secret)
    file = tmp_path / "ca.pem"
    file.write_bytes(made)
    yield file
    server.encrypt(b"", b"")


def test_a_connection_is_encrypted_where_the_address_says_so(
    on_server: str, server: Server, certificate: Path, tmp_path: Path
) -> None:
    def encrypted(query: str) -> bool:
        engine = engine_of(server.url(on_server).replace("127.0.0.1", "localhost") + query)
        with engine.connect() as connection:
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return bool(connection.exec_driver_sql(asked).scalar_one())

    assert not encrypted("?sslmode=disable")
    assert encrypted("")
    assert encrypted("?sslmode=require")
    assert encrypted(f"?sslmode=verify-full&sslrootcert={certificate}")
    with pytest.raises(NotAllowed, match="doesn’t prove"):
        encrypted("?sslmode=verify-full")
    with pytest.raises(InvalidInput, match="can’t be read"):
        encrypted(f"?sslmode=verify-ca&sslrootcert={tmp_path / 'none'}")
    with pytest.raises(InvalidInput, match="sslmode=maybe"):
        encrypted("?sslmode=maybe")


def test_a_database_that_is_not_there_is_a_sentence(
    server: Server, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTBOX_DATABASE", server.url("nowhere"))
    with pytest.raises(NotFound, match=r"no such database.*nowhere at 127\.0\.0\.1"):
        open_catalog(workspace)


@pytest.mark.parametrize(
    ("state", "kind"),
    [("53300", Unreachable), ("57P03", Unreachable), ("40P01", Conflict), ("42P01", type(None))],
)
def test_what_the_server_complains_about_is_told_in_words(
    state: str, kind: type[LightboxError]
) -> None:
    assert type(sentence_of(state, server_url("postgresql://anna@here/lightbox"))) is kind
