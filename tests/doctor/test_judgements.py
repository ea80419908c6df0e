"""What the doctor makes of what it sees: each case once, without the thing itself."""

import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from auth_api.doctor import database, exposure, files, hashing, keys
from auth_api.doctor.connecting import explain_failure
from auth_api.doctor.database import PostgresFacts
from auth_api.doctor.exposure import check_exposure
from auth_api.doctor.findings import Finding
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.http.policy import HttpPolicy
from tests.support.keys import private_pem, public_pem

pytestmark = pytest.mark.engine_independent

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"
FACTS = PostgresFacts(
    major=17,
    version="17.2",
    seconds=0.001,
    clock_offset=0,
    max_connections=100,
    reserved=3,
    is_encrypted=True,
    is_superuser=False,
    is_pooled=False,
    ran=[],
)


def seen(finding: Finding | None) -> tuple[str, str]:
    assert finding is not None
    assert bool(finding.fix) or finding.verdict in {"ok", "note"}, "what is wrong comes with what to do"
    return finding.verdict.value, finding.says


def facts(**changed: Any) -> PostgresFacts:
    return msgspec.structs.replace(FACTS, **changed)


def pooler(*, is_pooled: bool, cache: int) -> Finding | None:
    return next(database.evaluate_pooler(facts(is_pooled=is_pooled), cache), None)


def role(*, is_superuser: bool, is_production: bool = True) -> Finding | None:
    return next(database.evaluate_role(facts(is_superuser=is_superuser), is_production=is_production), None)


@pytest.mark.parametrize(("seconds", "verdict"), [(0.02, "ok"), (0.49, "ok"), (0.51, "warn")])
def test_a_hash_that_takes_too_long_is_told(seconds: float, verdict: str) -> None:
    found, says = seen(hashing.evaluate_cost(seconds, HashingPolicy()))

    assert found == verdict
    assert says.startswith(f"{seconds * 1000:.1f} ms per hash (m=19456,t=2,p=1): at most {1 / seconds:.0f} logins")


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (database.evaluate_version(facts(major=14, version="14.1")), ("ok", "PostgreSQL 14.1")),
        (database.evaluate_version(facts(major=13, version="13.9")), ("fail", "PostgreSQL 13.9 is too old")),
        (database.evaluate_sqlite_version((3, 34, 1)), ("fail", "SQLite 3.34.1 is too old")),
        (database.evaluate_clock(0.4), ("ok", "the clocks of the database and this machine agree within 1 s")),
        (database.evaluate_clock(-2.1), ("warn", "the database's clock is 2 s behind this machine's")),
        (database.evaluate_clock(31), ("fail", "the database's clock is 31 s ahead of this machine's")),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=2),
            ("ok", "40 at most (20 a worker) of 97 that PostgreSQL takes: room for 2 instances"),
        ),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=4),
            (
                "warn",
                (
                    "80 at most (20 a worker) of 97 that PostgreSQL takes: "
                    "a second instance, as in a rolling deployment, does not fit"
                ),
            ),
        ),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=5),
            ("fail", "100 at most (20 a worker) of 97 that PostgreSQL takes"),
        ),
        (
            database.evaluate_connections(facts(is_pooled=True), pool_size=20, workers=5),
            ("note", "100 at most, to a pooler: its own limits count"),
        ),
        (
            pooler(is_pooled=True, cache=0),
            ("ok", "there is one, and no prepared statement is kept"),
        ),
        (
            pooler(is_pooled=True, cache=9),
            ("warn", "there is one, and prepared statements are kept"),
        ),
        (pooler(is_pooled=False, cache=9), None),
        (
            role(is_superuser=True),
            ("warn", "DATABASE_URL is a superuser's"),
        ),
        (role(is_superuser=True, is_production=False), None),
        (role(is_superuser=False), None),
    ],
)
def test_what_a_database_says_of_itself_is_judged(finding: Finding | None, expected: tuple[str, str] | None) -> None:
    assert (seen(finding) if finding else None) == expected


@pytest.mark.parametrize(
    ("dsn", "encrypted", "verdict", "says"),
    [
        ("postgresql://a@127.0.0.1/x", False, "ok", "on this machine"),
        ("postgresql:///x?host=/run/postgresql", False, "ok", "on this machine"),
        ("postgresql://a@db/x", False, "warn", "not encrypted"),
        ("postgresql://a@db/x?sslmode=require", True, "warn", "TLS, but nobody checks whose (sslmode=require)"),
        ("postgresql://a@db/x?sslmode=verify-full", True, "ok", "TLS, and the certificate is checked"),
    ],
)
def test_who_can_read_along_with_the_database_is_told(dsn: str, encrypted: bool, verdict: str, says: str) -> None:
    found = seen(database.evaluate_encryption(facts(is_encrypted=encrypted), dsn))

    assert found[0] == verdict
    assert found[1].startswith(says)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ssl.SSLCertVerificationError("x"), "its certificate does not prove that it is this host"),
        (ssl.SSLError("x"), "it does not speak TLS as wanted"),
        (asyncpg.InvalidPasswordError("hunter2"), "it refuses the login"),
        (asyncpg.InvalidCatalogNameError("hunter2"), "it has no such database"),
        (asyncpg.TooManyConnectionsError("x"), "all of its connections are taken"),
        (TimeoutError(), "no answer in time"),
        (asyncpg.ProtocolViolationError("unsupported startup parameter: x"), "a pooler refuses a parameter"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "the name is not known"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "nothing listens there"),
        (ValueError("hunter2"), "it cannot be used (ValueError)"),
    ],
)
def test_why_a_database_cannot_be_used_is_told_without_its_words(error: Exception, says: str) -> None:
    found, fix = explain_failure(error)

    assert found.startswith(says)
    assert fix
    assert "hunter2" not in found + fix


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        (lambda: SigningKey.from_secret(SECRET), "ok"),
        (lambda: SigningKey.from_pem(private_pem("EdDSA")), "ok"),
        (lambda: SigningKey.from_pem(private_pem("RS256")), "warn"),
    ],
    ids=["secret", "Ed25519", "RSA of 2048 bits"],
)
def test_a_key_is_judged_by_its_size(key: Callable[[], SigningKey], verdict: str) -> None:
    found, says = seen(keys.evaluate_strength(key()))

    assert found == verdict
    assert key().kid in says
    assert SECRET not in says


@pytest.mark.parametrize(("days", "verdict"), [(365, "ok"), (366, "warn")])
def test_the_age_of_a_key_is_that_of_its_file(tmp_path: Path, days: int, verdict: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    environ = {"JWT_SECRET_KEY_FILE": "secret", "JWT_SECRET_KEY": SECRET}
    os.utime(tmp_path / "secret", (NOW.timestamp(), NOW.timestamp()))
    ring = KeyRing(SigningKey.from_secret(SECRET))

    found = keys.check_keys(ring, environ, tmp_path, now=NOW + timedelta(days=days))

    age = [seen(finding) for finding in found if finding.check == "keys.age"]
    assert age == ([(verdict, f"the file of the key was written {days} days ago")])


def test_of_a_key_in_a_variable_no_age_is_told(tmp_path: Path) -> None:
    found = keys.check_keys(KeyRing(SigningKey.from_secret(SECRET)), {"JWT_SECRET_KEY": SECRET}, tmp_path, now=NOW)

    assert [finding.check for finding in found] == ["keys.strength"]


def test_keys_beside_the_one_that_signs_are_named_by_their_ids(tmp_path: Path) -> None:
    old = SigningKey.from_pem(public_pem("ES256"))
    found = list(keys.evaluate_others(KeyRing(SigningKey.from_secret(SECRET), [old])))

    assert [seen(finding) for finding in found] == [("note", f"1 more may have signed tokens: {old.kid} (ES256)")]


def test_the_secret_of_development_is_told_as_such(tmp_path: Path) -> None:
    ring = KeyRing(SigningKey.from_secret(SECRET))
    before = keys.check_keys(ring, {}, tmp_path, now=NOW)
    (tmp_path / "auth.db.secret").write_text(SECRET)
    after = keys.check_keys(ring, {}, tmp_path, now=NOW)

    assert before[0].says.endswith("a secret of its own, made at the first start")
    assert after[0].says.endswith(f"a secret of its own, kept in {tmp_path / 'auth.db.secret'}")


@pytest.mark.parametrize(
    ("origins", "production", "expected"),
    [
        ((), True, "note"),
        (("https://app.example.com",), True, "ok"),
        (("http://localhost:3000",), False, "ok"),
        (("https://app.example.com", "https://localhost:3000"), True, "warn"),
        (("http://app.example.com",), True, "warn"),
    ],
)
def test_origins_are_judged(origins: tuple[str, ...], production: bool, expected: str) -> None:
    assert seen(exposure.evaluate_origins(origins, is_production=production))[0] == expected


@pytest.mark.parametrize(
    ("networks", "expected"),
    [((), "warn"), (("10.0.0.0/8",), "ok"), (("10.0.0.0/8", "8.8.8.0/24"), "warn")],
)
def test_trusted_proxies_are_judged(networks: tuple[str, ...], expected: str) -> None:
    assert seen(exposure.evaluate_proxies(tuple(map(ipaddress.ip_network, networks)), "::"))[0] == expected


def test_production_is_told_what_stands_open() -> None:
    policy = HttpPolicy(public_url="https://auth.example.com", docs_enabled=True)

    found = {finding.check: finding for finding in check_exposure(policy, host="::", is_production=True)}
    closed = HttpPolicy(public_url="https://auth.example.com", docs_enabled=False, allowed_hosts=("auth.example.com",))

    assert found["http.hosts"].fix == """Set ALLOWED_HOSTS='["auth.example.com"]'."""
    assert found["http.docs"].verdict == "note"
    assert {f.check for f in check_exposure(closed, host="::", is_production=True)} == {"http.cors", "http.proxies"}
    assert {f.check for f in check_exposure(policy, host="::", is_production=False)} == {"http.cors"}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0o100600, ("ok", "x is -rw-------")),
        (0o100640, ("ok", "x is -rw-r-----")),
        (0o100644, ("warn", "x is -rw-r--r--: everybody on this machine can read it")),
        (0o100660, ("fail", "x is -rw-rw----: others can change it")),
        (0o100602, ("fail", "x is -rw-----w-: others can change it")),
    ],
)
def test_permissions_of_a_file_are_judged(mode: int, expected: tuple[str, str]) -> None:
    assert seen(files.evaluate_file("env", Path("x"), mode)) == expected
