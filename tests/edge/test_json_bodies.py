"""One meaning per document: what parsers disagree about is refused."""

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOGIN = "/api/auth/login"


def nested(levels: int) -> bytes:
    """Return a document of this many levels, its outer object included."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


MALFORMED = {
    "nothing": b"",
    "white space": b" \n",
    "half an object": b'{"username": "ada"',
    "two documents": b"{}{}",
    "single quotes": b"{'username': 'ada'}",
    "a comma too many": b'{"username": "ada",}',
    "null": b"null",
    "a list": b"[]",
    "a text": b'"ada"',
    "a number": b"7",
    "bytes that are no UTF-8": b"\xff\xfe{}",
    "a text that is no UTF-8": b'{"username": "\xe4da"}',
    "UTF-16": '{"username": "ada"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an overlong encoding": b'{"username": "\xc0\x80"}',
    "an encoded surrogate": b'{"username": "\xed\xa0\x80"}',
    "a lone surrogate": b'{"username": "\\ud83d"}',
    "a lone surrogate in a name": b'{"\\ud83d": 1}',
    "a lone surrogate in a list": b'{"username": ["\\udc00"]}',
    "a bare control character": b'{"username": "a\nb"}',
    "NaN": b'{"username": NaN}',
    "infinity": b'{"username": -Infinity}',
    "a number of 6000 digits": b'{"username": ' + b"1" * 6000 + b"}",
    "equal keys": b'{"username": "ada", "username": "eve"}',
    "equal keys, spelled differently": b'{"username": "ada", "user\\u006eame": "eve"}',
    "equal keys within": b'{"username": {"a": 1, "a": 2}}',
    "17 levels": nested(17),
    "20000 levels": nested(20_000),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_a_body_that_is_no_acceptable_json_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(LOGIN, content=body, headers={"Content-Type": "application/json"})

    problem = assert_problem(response, 400, "MALFORMED_REQUEST")
    assert "errors" not in problem


async def test_sixteen_levels_are_read(client: httpx.AsyncClient) -> None:
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
async def test_a_body_that_is_not_declared_as_plain_json_in_utf8_is_not_read(
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
async def test_json_in_utf8_is_read_however_it_is_declared(client: httpx.AsyncClient, content_type: str) -> None:
    body = '{"username": "nobody", "password": "pässwörd"}'.encode()

    response = await client.post(
        LOGIN, content=body, headers={"Content-Type": content_type, "Content-Encoding": "identity"}
    )

    assert_problem(response, 401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\n"])
async def test_control_characters_in_a_field_are_refused_with_its_name(
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


async def test_a_body_that_is_optional_may_be_left_out(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all")

    assert (response.status, response["sessions_ended"]) == (200, 1)


async def test_a_body_that_is_optional_must_be_right_if_it_is_there(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("POST", "/api/auth/logout-all", json={"keep_current": "yes"})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert (await ada.profile()).status == 200


async def test_an_empty_patch_is_refused(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.call("PATCH", "/api/user/profile", json={})

    assert response.outcome == (400, "VALIDATION_ERROR")


async def test_the_token_is_judged_before_the_body(client: httpx.AsyncClient) -> None:
    response = await client.patch("/api/user/profile", content=b"{", headers={"Content-Type": "application/json"})

    assert_problem(response, 401, "AUTHENTICATION_REQUIRED")
