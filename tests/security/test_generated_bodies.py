"""ASVS 5.0 V1.5.2, V16.5.4: every generated body gets a problem document with a code, never a 500."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth_api.kit.errors import MalformedRequestException
from auth_api.kit.http.json import parse_object
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.generated_input import (
    FUNCTION_EXAMPLES,
    REQUEST_EXAMPLES,
    cases,
    json_values,
    stop_recording_secrets,
)
from tests.support.problems import assert_problem

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

REFUSALS = {
    400: {"MALFORMED_REQUEST", "VALIDATION_ERROR", "WEAK_PASSWORD"},
    401: {"INVALID_CREDENTIALS", "TOKEN_INVALID", "AUTHENTICATION_REQUIRED"},
    403: {"STEP_UP_REQUIRED"},
}
PATHS = [
    ("POST", "/api/auth/register"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("PATCH", "/api/user/profile"),
    ("POST", "/api/user/password"),
    ("POST", "/api/user/delete"),
]
FIELDS = st.sampled_from(
    ["email", "username", "password", "refresh_token", "current_password", "new_password", "is_active", "id", ""]
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def unrecorded(client: httpx.AsyncClient) -> None:
    stop_recording_secrets(client)


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user whose last proof of identity is too old to delete the account without a password."""
    ada = await user_factory()
    await SessionRow.update({SessionRow.auth_time: ago(hours=1)}, force=True)
    return ada


def assert_refused(response: httpx.Response) -> None:
    problem = response.json()
    assert problem["error_code"] in REFUSALS.get(response.status_code, set())
    assert_problem(response, response.status_code, problem["error_code"])


@pytest.mark.parametrize(("method", "path"), PATHS)
@cases(REQUEST_EXAMPLES // 3)
@given(body=json_values())
async def test_any_json_is_refused_with_a_problem_document(ada: Actor, method: str, path: str, body: Any) -> None:
    response = await ada.call(method, path, content=json.dumps(body), headers=JSON)

    assert_refused(response.response)


@pytest.mark.parametrize(("method", "path"), PATHS)
@cases(REQUEST_EXAMPLES // 3)
@given(body=st.dictionaries(FIELDS, json_values(leaves=3), max_size=5))
async def test_any_value_in_any_field_is_refused_with_a_problem_document(
    ada: Actor, method: str, path: str, body: dict[str, Any]
) -> None:
    response = await ada.call(method, path, content=json.dumps(body), headers=JSON)

    assert_refused(response.response)


@cases(REQUEST_EXAMPLES)
@given(
    body=st.binary(max_size=200)
    | st.text(st.sampled_from('{}[]":,\\u0123456789eE+-. truefalsnl\0\ufeff\u2028')).map(str.encode)
    | json_values().map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
)
@example(b'{"username": "\xed\xa0\x80", "password": "x"}')
@example(b'{"username": "ada", "username": "eve", "password": "x"}')
@example(b'{"username": "ada", "password": 1e999}')
async def test_any_bytes_are_refused_with_a_problem_document(ada: Actor, body: bytes) -> None:
    response = await ada.call("POST", "/api/auth/login", content=body, headers=JSON)

    assert_refused(response.response)


@cases(FUNCTION_EXAMPLES)
@given(document=st.dictionaries(st.text(max_size=9), json_values(leaves=6), max_size=3))
def test_object_is_parsed_as_written_or_refused(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    try:
        parsed = parse_object(text.encode())
    except MalformedRequestException:
        assert depth_of(document) > 16
    else:
        assert parsed == document


@cases(FUNCTION_EXAMPLES)
@given(document=st.dictionaries(st.text(max_size=3), st.integers(), min_size=1, max_size=4), data=st.data())
def test_object_with_duplicate_keys_is_refused(document: dict[str, int], data: st.DataObject) -> None:
    """ASVS 5.0 V1.5.3: parsers differ in which of two equal keys they use. An escaped key equals the unescaped one."""
    duplicate = data.draw(st.sampled_from(sorted(document)))
    escaped = "".join(f"\\u{unit:04x}" for unit in utf16(duplicate))
    members = [f"{json.dumps(key)}: {value}" for key, value in document.items()]

    for spelling in (json.dumps(duplicate), f'"{escaped}"'):
        with pytest.raises(MalformedRequestException):
            parse_object(f"{{{', '.join([*members, f'{spelling}: 0'])}}}".encode())


@cases(FUNCTION_EXAMPLES)
@given(body=st.binary(max_size=100))
def test_bytes_are_parsed_as_an_object_or_refused(body: bytes) -> None:
    try:
        document = parse_object(body)
    except MalformedRequestException:
        return

    assert document == json.loads(body.decode())


@pytest.mark.parametrize(
    "field", ["id", "is_active", "is_admin", "role", "email_verified", "created_at", "hashed_password"]
)
async def test_request_cannot_set_other_fields_of_a_user(ada: Actor, field: str) -> None:
    """ASVS 5.0 V15.3.3, CVE-2026-27946."""
    body = {"email": "eve@example.com", "username": "eve", "password": ada.password, field: True}

    responses = [
        await ada.call("POST", "/api/auth/register", json=body),
        await ada.call("PATCH", "/api/user/profile", json={"username": "eve", field: True}),
    ]

    assert [response.outcome for response in responses] == [(400, "VALIDATION_ERROR")] * 2
    assert [response["errors"] for response in responses] == [
        [{"field": field, "code": "unknown", "message": "This field does not exist."}]
    ] * 2
    assert (await ada.log_in(username="eve")).outcome == (401, "INVALID_CREDENTIALS")


def depth_of(value: Any) -> int:
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, items), default=0)
    return 0


def utf16(text: str) -> list[int]:
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[start : start + 2], "big") for start in range(0, len(raw), 2)]
