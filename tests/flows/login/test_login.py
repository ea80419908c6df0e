"""Logins by username or e-mail address, and their responses."""

from typing import Any

import pytest

from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.rows import audit_actions, user_rows


async def log_in(actor: Actor, **fields: Any) -> ApiResponse:
    return await actor.call("POST", "/api/auth/login", token="", json=fields)


async def test_login_returns_a_token_pair_and_the_user(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.log_in()

    assert response.status == 200
    assert response.json == {
        "access_token": response["access_token"],
        "refresh_token": response["refresh_token"],
        "token_type": "Bearer",
        "expires_in": 1800,
        "refresh_expires_in": 7 * 24 * 60 * 60,
        "acr": "aal1",
        "amr": ["pwd"],
        "user": (await ada.profile()).json,
    }


@pytest.mark.parametrize(
    "name",
    [
        {"username": "ada"},
        {"username": "ADA"},
        {"email": "ada@example.com"},
        {"email": "Ada@Example.COM"},
        {"username": "ada@example.com"},
        {"username": "ada", "email": None},
        {"username": None, "email": "ada@example.com"},
        {"email": "ADA@example.com "},
        {"email": "  ada@example.com"},
        {"username": "ada "},
        {"username": " ada@example.com  "},
    ],
    ids=str,
)
async def test_login_accepts_username_and_email_in_any_case_and_with_outer_spaces(
    user_factory: UserFactory, name: dict[str, Any]
) -> None:
    ada = await user_factory()

    assert (await log_in(ada, **name, password=PASSWORD)).status == 200


async def test_email_is_not_read_as_a_username(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await log_in(ada, email="ada", password=PASSWORD)).outcome == (401, "INVALID_CREDENTIALS")


async def test_login_changes_only_last_login(user_factory: UserFactory) -> None:
    ada = await user_factory()
    (before,) = await user_rows()

    first, second = await ada.log_in(), await ada.log_in()

    (after,) = await user_rows()
    assert before["last_login"] is None
    assert first["user"]["last_login"] <= second["user"]["last_login"]
    assert {name for name in after if after[name] != before[name]} == {"last_login"}


async def test_each_login_opens_its_own_session(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await ada.log_in()
    await ada.log_in()

    assert await SessionRow.count() == 3
    assert await audit_actions() == ["account:registered", "login:succeeded", "login:succeeded"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, [("password", "missing"), ("email", "missing")]),
        ({"password": PASSWORD}, [("email", "missing")]),
        ({"email": None, "username": None, "password": PASSWORD}, [("email", "missing")]),
        ({"email": "ada@example.com", "username": "ada", "password": PASSWORD}, [("username", "conflict")]),
        ({"username": "ada"}, [("password", "missing")]),
        ({"username": "ada", "password": None}, [("password", "type")]),
        ({"username": 7, "password": PASSWORD}, [("username", "type")]),
        ({"email": ["ada@example.com"], "password": PASSWORD}, [("email", "type")]),
        ({"username": "ada", "password": PASSWORD, "otp": "1"}, [("otp", "unknown")]),
        ({"email": "a" * 255, "password": PASSWORD}, [("email", "too_long")]),
        ({"username": "a" * 51, "password": PASSWORD}, [("username", "too_long")]),
        ({"username": "a@" + "b" * 253, "password": PASSWORD}, [("username", "too_long")]),
        ({"username": "ada", "password": "a" * 1025}, [("password", "too_long")]),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_login_request_is_validated(ada: Actor, fields: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    response = await log_in(ada, **fields)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "unknown"},
        {"email": ""},
        {"username": ""},
        {"username": "-"},
        {"username": " "},
        {"email": "ada @example.com"},
        {"username": "ada", "password": f"{PASSWORD} "},
        {"username": "a d a"},
        {"username": "@"},
        {"email": "a" * 254},
        {"username": "a" * 50},
        {"username": "a@" + "b" * 252},
        {"username": "ada", "password": ""},
        {"username": "ada", "password": "short"},
        {"username": "ada", "password": "a" * 1024},
        {"username": "ada", "password": f"{PASSWORD}\x00"},
        {"username": "ada\x00"},
        {"username": "ada\n"},
        {"email": "ada@example.com\x00"},
        {"username": "admin"},
        {"username": "ada' OR '1'='1"},
        {"username": "{}"},
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_other_invalid_credentials_get_the_same_error(user_factory: UserFactory, fields: dict[str, str]) -> None:
    ada = await user_factory()

    response = await log_in(ada, **{"password": PASSWORD, **fields})

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert response.response.headers["WWW-Authenticate"] == "Bearer"
    assert await SessionRow.count() == 1


async def test_disabled_account_is_reported_only_after_a_correct_password(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")
    assert (await ada.log_in(password="Wrong-Horse-7-Staple")).outcome == (401, "INVALID_CREDENTIALS")
    assert await SessionRow.count() == 1
