"""Findings of the checks, for each case once and without a real database, key or file."""

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

from auth_api.doctor import database, exposure, files, hashing, keys, sqlite
from auth_api.doctor.exposure import check_exposure
from auth_api.doctor.findings import Finding
from auth_api.doctor.postgres_facts import PostgresFacts
from auth_api.doctor.tables import SequenceState, evaluate_sequences
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.db.failures import explain
from auth_api.kit.http.policy import HttpPolicy
from tests.support.keys import private_pem, public_pem

pytestmark = pytest.mark.engine_independent

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo"
FACTS = PostgresFacts(
    major=17,
    version="17.2",
    encoding="UTF8",
    is_read_only=False,
    seconds=0.001,
    clock_offset=0,
    max_connections=100,
    reserved=3,
    is_encrypted=True,
    is_superuser=False,
    is_pooled=False,
    statement_timeout=5000,
    applied=[],
    columns=[],
    lacking_privileges=[],
    sequences=[],
    invalid_indexes=[],
    values_by_key={},
    passkeys_by_domain={},
    built_in_roles={},
    applications=[],
)


def outcome(finding: Finding | None) -> tuple[str, str]:
    assert finding is not None
    assert bool(finding.fix) or finding.verdict in {"ok", "note"}, "a problem needs a fix"
    return finding.verdict.value, finding.message


def facts(**changed: Any) -> PostgresFacts:
    return msgspec.structs.replace(FACTS, **changed)


def pooler(*, is_pooled: bool, cache: int) -> Finding | None:
    return next(database.evaluate_pooler(facts(is_pooled=is_pooled), cache), None)


def role(*, is_superuser: bool, is_production: bool = True) -> Finding | None:
    return next(database.evaluate_role(facts(is_superuser=is_superuser), is_production=is_production), None)


@pytest.mark.parametrize(("seconds", "verdict"), [(0.02, "ok"), (0.49, "ok"), (0.51, "warn")])
def test_slow_hash_is_a_warning(seconds: float, verdict: str) -> None:
    verdict_found, message = outcome(hashing.evaluate_cost(seconds, HashingPolicy()))

    assert verdict_found == verdict
    assert message.startswith(f"{seconds * 1000:.1f} ms per hash (m=19456,t=2,p=1): at most {1 / seconds:.0f} logins")


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (database.evaluate_version(facts(major=14, version="14.1")), ("ok", "PostgreSQL 14.1.")),
        (database.evaluate_version(facts(major=13, version="13.9")), ("fail", "PostgreSQL 13.9 is too old.")),
        (sqlite.evaluate_sqlite_version((3, 34, 1)), ("fail", "SQLite 3.34.1 is too old.")),
        (
            database.evaluate_clock(0.4),
            ("ok", "The clocks of the database and of this machine differ by less than 1 s."),
        ),
        (database.evaluate_clock(-2.1), ("warn", "The database's clock is 2 s behind this machine's.")),
        (database.evaluate_clock(31), ("fail", "The database's clock is 31 s ahead of this machine's.")),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=2),
            ("ok", "At most 40 connections (20 per worker) of the 97 that PostgreSQL allows: enough for 2 instances."),
        ),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=4),
            (
                "warn",
                (
                    "At most 80 connections (20 per worker) of the 97 that PostgreSQL allows: "
                    "too few for a second instance, which a rolling deployment needs."
                ),
            ),
        ),
        (
            database.evaluate_connections(facts(), pool_size=20, workers=5),
            ("fail", "At most 100 connections (20 per worker) of the 97 that PostgreSQL allows."),
        ),
        (
            database.evaluate_connections(facts(is_pooled=True), pool_size=20, workers=5),
            ("note", "At most 100 connections, to a pooler with its own limits."),
        ),
        (
            pooler(is_pooled=True, cache=0),
            ("ok", "A pooler is used, and no prepared statements are kept."),
        ),
        (
            pooler(is_pooled=True, cache=9),
            ("warn", "A pooler is used, and prepared statements are kept."),
        ),
        (pooler(is_pooled=False, cache=9), None),
        (next(database.evaluate_writability(facts()), None), None),
        (
            next(database.evaluate_writability(facts(is_read_only=True)), None),
            ("fail", "PostgreSQL accepts no changes: it is a standby, or read-only by default."),
        ),
        (next(database.evaluate_encoding(facts()), None), None),
        (
            next(database.evaluate_encoding(facts(encoding="SQL_ASCII")), None),
            ("fail", "The encoding of the database is SQL_ASCII, and must be UTF8."),
        ),
        (next(database.evaluate_time_limit(facts()), None), None),
        (
            next(database.evaluate_time_limit(facts(statement_timeout=0)), None),
            ("warn", "PostgreSQL does not limit the time of a statement."),
        ),
        (
            role(is_superuser=True),
            ("warn", "DATABASE_URL uses a superuser."),
        ),
        (role(is_superuser=True, is_production=False), None),
        (role(is_superuser=False), None),
    ],
)
def test_facts_of_the_database_are_evaluated(finding: Finding | None, expected: tuple[str, str] | None) -> None:
    assert (outcome(finding) if finding else None) == expected


def sequence(*, largest: int, following: int | None) -> SequenceState:
    return SequenceState(name="users_id_seq", table="users", column="id", largest=largest, following=following)


@pytest.mark.parametrize(
    ("largest", "following", "verdict"),
    [(0, 1, "ok"), (5, 6, "ok"), (5, 5, "fail"), (5, 1, "fail"), (5, None, "note")],
)
def test_sequence_is_compared_with_its_table(largest: int, following: int | None, verdict: str) -> None:
    (found,) = evaluate_sequences([sequence(largest=largest, following=following)])

    assert outcome(found)[0] == verdict
    if verdict == "fail":
        assert found.fix == "SELECT setval('users_id_seq', (SELECT max(id) FROM users));"


@pytest.mark.parametrize(
    ("dsn", "encrypted", "verdict", "message"),
    [
        ("postgresql://a@127.0.0.1/x", False, "ok", "The database is on this machine."),
        ("postgresql:///x?host=/run/postgresql", False, "ok", "The database is on this machine."),
        ("postgresql://a@db/x", False, "warn", "The connection is not encrypted."),
        (
            "postgresql://a@db/x?sslmode=require",
            True,
            "warn",
            "The connection uses TLS but does not verify the certificate (sslmode=require).",
        ),
        (
            "postgresql://a@db/x?sslmode=verify-full",
            True,
            "ok",
            "The connection uses TLS and verifies the certificate (verify-full).",
        ),
    ],
)
def test_unencrypted_or_unverified_connection_is_a_warning(
    dsn: str, encrypted: bool, verdict: str, message: str
) -> None:
    found = outcome(database.evaluate_encryption(facts(is_encrypted=encrypted), dsn))

    assert found == (verdict, message)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ssl.SSLCertVerificationError("x"), "its certificate is not trusted for this host"),
        (ssl.SSLError("x"), "the TLS connection failed"),
        (asyncpg.InvalidPasswordError("hunter2"), "it rejected the login"),
        (asyncpg.InvalidCatalogNameError("hunter2"), "the database does not exist"),
        (asyncpg.TooManyConnectionsError("x"), "all of its connections are in use"),
        (TimeoutError(), "no response in time"),
        (
            asyncpg.ProtocolViolationError("unsupported startup parameter: x"),
            "a pooler rejected the connection",
        ),
        (socket.gaierror(socket.EAI_NONAME, "x"), "the host name cannot be resolved"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "the connection was refused"),
        (ValueError("hunter2"), "it cannot be used (ValueError)"),
    ],
)
def test_connection_failure_is_explained_without_the_servers_words(error: Exception, message: str) -> None:
    found, fix = explain(error)

    assert found.startswith(message)
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
def test_key_is_evaluated_by_its_size(key: Callable[[], SigningKey], verdict: str) -> None:
    verdict_found, message = outcome(keys.evaluate_strength(key()))

    assert verdict_found == verdict
    assert key().kid in message
    assert SECRET not in message


@pytest.mark.parametrize(("days", "verdict"), [(365, "ok"), (366, "warn")])
def test_age_of_a_key_is_that_of_its_file(tmp_path: Path, days: int, verdict: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    environ = {"JWT_SECRET_KEY_FILE": "secret", "JWT_SECRET_KEY": SECRET}
    os.utime(tmp_path / "secret", (NOW.timestamp(), NOW.timestamp()))
    ring = KeyRing(SigningKey.from_secret(SECRET))

    found = keys.check_keys(ring, environ, tmp_path, now=NOW + timedelta(days=days))

    age = [outcome(finding) for finding in found if finding.check == "keys.age"]
    assert age == ([(verdict, f"The file of the key was written {days} days ago.")])


def test_key_in_a_variable_has_no_age(tmp_path: Path) -> None:
    found = keys.check_keys(KeyRing(SigningKey.from_secret(SECRET)), {"JWT_SECRET_KEY": SECRET}, tmp_path, now=NOW)

    assert [finding.check for finding in found] == ["keys.strength"]


def test_other_keys_are_listed_by_id(tmp_path: Path) -> None:
    old = SigningKey.from_pem(public_pem("ES256"))
    found = list(keys.evaluate_others(KeyRing(SigningKey.from_secret(SECRET), [old])))

    assert [outcome(finding) for finding in found] == [
        ("note", f"Tokens of other keys are accepted: {old.kid} (ES256).")
    ]


def test_development_secret_is_reported(tmp_path: Path) -> None:
    ring = KeyRing(SigningKey.from_secret(SECRET))
    before = keys.check_keys(ring, {}, tmp_path, now=NOW)
    (tmp_path / "auth.db.secret").write_text(SECRET)
    after = keys.check_keys(ring, {}, tmp_path, now=NOW)

    assert before[0].message.endswith("a generated secret, created at the first start.")
    assert after[0].message.endswith(f"a generated secret, kept in {tmp_path / 'auth.db.secret'}.")


@pytest.mark.parametrize(
    ("origins", "production", "expected"),
    [
        ((), True, "note"),
        ((), False, "note"),
        (("https://app.example.com",), True, "ok"),
        (("http://localhost:3000",), False, "ok"),
        (("https://app.example.com", "https://localhost:3000"), True, "warn"),
        (("http://app.example.com",), True, "warn"),
        (("http://[::1]:3000",), True, "warn"),
        (("capacitor://localhost", "tauri://localhost"), True, "ok"),
    ],
)
def test_origins_are_evaluated(origins: tuple[str, ...], production: bool, expected: str) -> None:
    assert outcome(exposure.evaluate_origins(origins, is_production=production))[0] == expected


def test_cookie_origins_of_another_site_are_named() -> None:
    policy = HttpPolicy(
        public_url="https://auth.example.com", cookie_origins=("https://app.example.com", "https://app.example.org")
    )

    (finding,) = exposure.evaluate_cookie_origins(policy)

    assert (finding.check, outcome(finding)[0]) == ("http.cookie_origins", "warn")
    assert "https://app.example.org" in finding.message
    assert "app.example.com" not in finding.message
    assert list(exposure.evaluate_cookie_origins(HttpPolicy(public_url="https://auth.example.com"))) == []


@pytest.mark.parametrize(
    ("networks", "expected"),
    [((), "warn"), (("10.0.0.0/8",), "ok"), (("10.0.0.0/8", "8.8.8.0/24"), "warn")],
)
def test_trusted_proxies_are_evaluated(networks: tuple[str, ...], expected: str) -> None:
    assert outcome(exposure.evaluate_proxies(tuple(map(ipaddress.ip_network, networks)), "::"))[0] == expected


def test_production_checks_hosts_and_documentation() -> None:
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
        (0o100600, ("ok", "x is -rw-------.")),
        (0o100640, ("ok", "x is -rw-r-----.")),
        (0o100644, ("warn", "x is -rw-r--r--: all users of this machine can read it.")),
        (0o100660, ("fail", "x is -rw-rw----: other users can change it.")),
        (0o100602, ("fail", "x is -rw-----w-: other users can change it.")),
    ],
)
def test_file_permissions_are_evaluated(mode: int, expected: tuple[str, str]) -> None:
    assert outcome(files.evaluate_file("env", Path("x"), mode)) == expected
