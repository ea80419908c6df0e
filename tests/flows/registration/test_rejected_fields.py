"""Validation of registrations: one response lists all errors, and repeats none of the values."""

from typing import Any

import pytest

from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.rows import user_rows

GOOD = {"email": "ada@example.com", "username": "ada", "password": PASSWORD}


async def register(actor: Actor, **fields: Any) -> ApiResponse:
    return await actor.call("POST", "/api/auth/register", token="", json=fields)


def errors_of(response: ApiResponse) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response["errors"]]


async def test_all_invalid_fields_are_reported_at_once(ada: Actor) -> None:
    response = await register(ada, email="no address", password="short", is_admin=True)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert errors_of(response) == [
        ("email", "format"),
        ("username", "missing"),
        ("password", "too_short"),
        ("password", "upper_case"),
        ("password", "digit"),
        ("password", "symbol"),
        ("is_admin", "unknown"),
    ]


async def test_weak_password_without_other_errors_has_its_own_code(ada: Actor) -> None:
    response = await register(ada, **{**GOOD, "password": "password-ada@"})

    assert response.outcome == (400, "WEAK_PASSWORD")
    assert errors_of(response) == [("password", "upper_case"), ("password", "digit")]


@pytest.mark.parametrize(
    "invalid",
    [{"email": "no address"}, {"username": "-"}, {"username": "admin"}, {"is_active": False}],
    ids=lambda invalid: next(iter(invalid)),
)
async def test_weak_password_with_another_error_is_a_validation_error(ada: Actor, invalid: dict[str, Any]) -> None:
    response = await register(ada, **{**GOOD, "password": "Short-7", **invalid})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert ("password", "too_short") in errors_of(response)
    assert len(errors_of(response)) == 2


@pytest.mark.parametrize(
    "field",
    ["id", "is_active", "email_verified", "email_verified_at", "hashed_password", "created_at", "role", "last_login"],
)
async def test_fields_of_the_server_cannot_be_set(ada: Actor, field: str) -> None:
    response = await register(ada, **{**GOOD, field: 1})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert errors_of(response) == [(field, "unknown")]
    assert await user_rows() == []


@pytest.mark.parametrize("field", GOOD)
@pytest.mark.parametrize("value", [None, 7, True, 1.5, ["ada@example.com"], {"a": "b"}], ids=repr)
async def test_field_must_be_a_string(ada: Actor, field: str, value: Any) -> None:
    response = await register(ada, **{**GOOD, field: value})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert response["errors"] == [{"field": field, "code": "type", "message": "Must be a string."}]


@pytest.mark.parametrize("field", GOOD)
@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f", "\x85"], ids=ascii)
async def test_field_must_not_contain_control_characters(ada: Actor, field: str, character: str) -> None:
    value = GOOD[field]

    response = await register(ada, **{**GOOD, field: f"{value[:2]}{character}{value[2:]}"})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert errors_of(response) == [(field, "control_character")]


@pytest.mark.parametrize(
    ("field", "value"), [("email", "a" * 243 + "@example.com"), ("username", "a" * 51), ("password", "Aa1!" * 257)]
)
async def test_field_has_a_maximum_length(ada: Actor, field: str, value: str) -> None:
    response = await register(ada, **{**GOOD, field: value})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert errors_of(response) == [(field, "too_long")]


async def test_response_contains_nothing_of_the_request(ada: Actor) -> None:
    sent = {"email": "marker-mail", "username": "marker name", "password": "marker-pass", "<marker>field": "marker-x"}

    response = await register(ada, **sent)

    assert response.status == 400
    assert "marker" not in response.response.text
    assert errors_of(response)[-1] == ("?", "unknown")
    assert "marker" not in str(response.response.headers)


async def test_all_fields_are_required(ada: Actor) -> None:
    response = await register(ada)

    assert response["errors"] == [
        {"field": field, "code": "missing", "message": "This field is required."} for field in GOOD
    ]
