"""Secrets are redacted by the name of their field and by their format."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import argon2
import msgspec
import pytest
from loguru import logger

from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.crypto.tokens import REFRESH_TOKEN as REFRESH_TOKEN_KIND
from auth_api.kit.crypto.tokens import new_token
from auth_api.kit.log_format import REDACTED, json_line, redact, text_line

pytestmark = pytest.mark.engine_independent

REFRESH_TOKEN = new_token(REFRESH_TOKEN_KIND).raw
ACCESS_TOKEN = KeyRing(SigningKey.from_secret("x" * 32)).sign({"sub": "7"}, token_type="at+jwt")
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("secret")

SECRET_NAMES = [
    "password",
    "new_password",
    "current_password",
    "hashed_password",
    "Password",
    "token",
    "access_token",
    "refresh_token",
    "METRICS_TOKEN",
    "JWT_SECRET_KEY",
    "secret",
    "authorization",
    "Authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "DATABASE_URL",
    "database_url",
    "dsn",
    "postgres_dsn",
    "code",
    "code_verifier",
    "recovery_code",
    "recovery_codes",
    "otpauth_uri",
    "client_secret",
    "credential",
]

HARMLESS_NAMES = [
    "user_id",
    "event",
    "path",
    "token_type",
    "tokens_ended",
    "method",
    "route",
    "username",
    "status",
    "smtp_code",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("value", ["hunter2", 7, None, ["hunter2"], {"a": "hunter2"}, b"hunter2"])
def test_field_with_a_secret_name_is_redacted(name: str, value: object) -> None:
    assert redact(name, value) == REDACTED


def test_fact_about_a_password_is_not_redacted() -> None:
    assert redact("password_dropped", False) is False


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_field_with_another_name_is_not_redacted(name: str) -> None:
    assert redact(name, "hunter2") == "hunter2"


FORMATS = {
    "refresh token": (REFRESH_TOKEN, "[redacted]"),
    "refresh token in a text": (f"got {REFRESH_TOKEN}, done", "got [redacted], done"),
    "refresh token in JSON": (f'{{"a":"{REFRESH_TOKEN}"}}', '{"a":"[redacted]"}'),
    "refresh token in a query": (f"/x?t={REFRESH_TOKEN}&y=1", "/x?t=[redacted]&y=1"),
    "refresh token after an underscore": (f"refresh_token_{REFRESH_TOKEN}", "refresh_token_[redacted]"),
    "refresh token after a letter that is not ASCII": (f"é{REFRESH_TOKEN}", "é[redacted]"),
    "access token after an underscore": (f"token_{ACCESS_TOKEN}", "token_[redacted]"),
    "two refresh tokens": (f"{REFRESH_TOKEN} {REFRESH_TOKEN}", "[redacted] [redacted]"),
    "access token": (ACCESS_TOKEN, "[redacted]"),
    "access token with its scheme": (f"Bearer {ACCESS_TOKEN}", "Bearer [redacted]"),
    "access token without its signature": (ACCESS_TOKEN.rpartition(".")[0], "[redacted]"),
    "header of an access token": (f"{ACCESS_TOKEN.partition('.')[0]} only", "[redacted] only"),
    "hash": (HASH, "[redacted]"),
    "hash in quotes": (f"('{HASH}',)", "('[redacted]',)"),
    "password in a URL": ("postgresql://ada:hunter2@db/auth", "postgresql://[redacted]@db/auth"),
    "password without a name": ("redis://:hunter2@cache", "redis://[redacted]@cache"),
    "password with an @": ("smtp://ada:hun@ter2@mail:25", "smtp://[redacted]@mail:25"),
    "two URLs": ("a://b:c@d e://f:g@h", "a://[redacted]@d e://[redacted]@h"),
}

HARMLESS = [
    "ada@example.com",
    "http://127.0.0.1:8000/docs",
    "https://example.com/@ada",
    "rt_short",
    "part_of_a_longer_identifier_that_goes_on_and_on",
    "eyJ",
    "0194f5a0-0000-7000-8000-000000000000",
    "$argon",
    "2026-02-19T10:30:45.123Z",
]


@pytest.mark.parametrize(("text", "shown"), FORMATS.values(), ids=FORMATS)
def test_text_in_the_format_of_a_secret_is_redacted(text: str, shown: str) -> None:
    assert redact("message", text) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_not_redacted(text: str) -> None:
    assert redact("message", text) == text


class Pair(msgspec.Struct):
    """A struct that contains a secret."""

    value: str


class Printable:
    """An object whose `str` contains a secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __str__(self) -> str:
        return self._secret


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines of this test as JSON and as text."""
    rendered: list[str] = []

    def render(message: Any) -> None:
        rendered.extend(form(message.record).decode() for form in (json_line, text_line))

    handler = logger.add(render, level=0, format=lambda _: "")
    yield rendered
    logger.remove(handler)


@pytest.mark.parametrize("secret", [REFRESH_TOKEN, ACCESS_TOKEN, HASH], ids=["refresh", "access", "hash"])
@pytest.mark.parametrize(
    "wrap",
    [
        str,
        str.encode,
        Pair,
        Printable,
        ValueError,
        lambda secret: [secret],
        lambda secret: (1, {secret}),
        lambda secret: {"a": {"b": [secret]}},
        lambda secret: {"password": Printable("x"), "b": Pair(secret)},
    ],
    ids=["text", "bytes", "struct", "object", "exception", "list", "set", "mapping", "mixture"],
)
def test_secret_within_another_value_is_redacted(logged: list[str], secret: str, wrap: Any) -> None:
    logger.bind(value=wrap(secret)).info("value {}", wrap(secret))

    assert len(logged) == 2
    assert [line for line in logged if secret in line] == []


def test_secret_names_within_a_mapping_are_redacted() -> None:
    assert redact("details", {"password": "hunter2", "inner": {"token": "x", "id": 7}}) == {
        "password": REDACTED,
        "inner": {"token": REDACTED, "id": 7},
    }


def test_json_and_text_lines_are_redacted_by_field_name(logged: list[str]) -> None:
    logger.bind(password="hunter2", user_id=7).info("changed")

    as_json, as_text = logged
    assert json.loads(as_json)["password"] == REDACTED
    assert as_text.endswith("changed password=[redacted] user_id=7\n")


def test_uuid_is_not_redacted() -> None:
    identifier = uuid.uuid4()

    assert redact("session_id", identifier) == str(identifier)
