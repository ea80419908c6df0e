"""JSON bodies: documents that parsers read differently are rejected."""

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"


def nested(levels: int) -> bytes:
    """Return a document with this number of levels, its outer object included."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


MALFORMED = {
    "empty": b"",
    "whitespace": b" \n",
    "incomplete-object": b'{"username": "ada"',
    "two-documents": b"{}{}",
    "single-quotes": b"{'username': 'ada'}",
    "trailing-comma": b'{"username": "ada",}',
    "null": b"null",
    "array": b"[]",
    "string": b'"ada"',
    "number": b"7",
    "invalid-utf8": b"\xff\xfe{}",
    "invalid-utf8-in-a-string": b'{"username": "\xe4da"}',
    "utf-16": '{"username": "ada"}'.encode("utf-16"),
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "overlong-encoding": b'{"username": "\xc0\x80"}',
    "encoded-surrogate": b'{"username": "\xed\xa0\x80"}',
    "lone-surrogate": b'{"username": "\\ud83d"}',
    "lone-surrogate-in-a-key": b'{"\\ud83d": 1}',
    "lone-surrogate-in-an-array": b'{"username": ["\\udc00"]}',
    "control-character": b'{"username": "a\nb"}',
    "NaN": b'{"username": NaN}',
    "infinity": b'{"username": -Infinity}',
    "number-of-6000-digits": b'{"username": ' + b"1" * 6000 + b"}",
    "equal-keys": b'{"username": "ada", "username": "eve"}',
    "equal-keys-with-an-escape": b'{"username": "ada", "user\\u006eame": "eve"}',
    "equal-keys-in-a-nested-object": b'{"username": {"a": 1, "a": 2}}',
    "17-levels": nested(17),
    "20000-levels": nested(20_000),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_body_that_is_not_strict_json_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(LOGIN, content=body, headers={"Content-Type": "application/json"})

    problem = assert_problem(response, 400, "MALFORMED_REQUEST")
    assert "errors" not in problem


async def test_body_with_16_levels_is_parsed(client: httpx.AsyncClient) -> None:
    response = await client.post(LOGIN, content=nested(16), headers={"Content-Type": "application/json"})

    problem = assert_problem(response, 400, "VALIDATION_ERROR")
    assert ("a", "unknown") in [(error["field"], error["code"]) for error in problem["errors"]]


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (None, None),
        ("", None),
        ("text/plain", None),
        ("text/json", None),
        ("application/problem+json", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=x", None),
        ("application/json; charset=latin-1", None),
        ("application/json; charset=utf-16", None),
        ("application/json", "gzip"),
        ("application/json", "br"),
    ],
)
async def test_body_with_another_media_type_charset_or_encoding_is_rejected(
    client: httpx.AsyncClient, content_type: str | None, encoding: str | None
) -> None:
    declared = {"Content-Type": content_type, "Content-Encoding": encoding}
    headers = {name: value for name, value in declared.items() if value is not None}

    response = await client.post(LOGIN, content=b'{"username": "ada", "password": "x"}', headers=headers)

    assert_problem(response, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
async def test_json_in_utf8_is_parsed_in_every_spelling_of_its_media_type(
    client: httpx.AsyncClient, content_type: str
) -> None:
    body = '{"username": "unknown", "password": "pässwörd"}'.encode()

    response = await client.post(
        LOGIN, content=body, headers={"Content-Type": content_type, "Content-Encoding": "identity"}
    )

    assert_problem(response, 401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\n"])
async def test_control_characters_are_rejected_with_the_name_of_the_field(
    client: httpx.AsyncClient, character: str
) -> None:
    fields = {
        "email": f"a{character}@example.com",
        "username": f"a{character}da",
        "password": f"Pass{character}-7word!",
    }

    response = await client.post("/api/auth/register", json=fields)

    problem = assert_problem(response, 400, "VALIDATION_ERROR")
    assert sorted((error["field"], error["code"]) for error in problem["errors"]) == [
        ("email", "control_character"),
        ("password", "control_character"),
        ("username", "control_character"),
    ]


async def test_optional_body_may_be_omitted(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all")

    assert (response.status, response["sessions_ended"]) == (200, 1)


async def test_optional_body_is_validated_if_it_is_sent(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all", json={"keep_current": "yes"})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert (await ada.profile()).status == 200


async def test_empty_patch_is_rejected(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("PATCH", "/api/user/profile", json={})

    assert response.outcome == (400, "VALIDATION_ERROR")


async def test_token_is_verified_before_the_body_is_read(client: httpx.AsyncClient) -> None:
    response = await client.patch("/api/user/profile", content=b"{", headers={"Content-Type": "application/json"})

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
