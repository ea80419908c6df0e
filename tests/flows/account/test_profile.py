"""Reading and changing of the profile."""

from typing import Any

import pytest

from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import audit_actions, user_rows


async def rename(actor: Actor, username: object) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json={"username": username})


async def test_profile_has_the_fields_of_the_user(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await ada.profile()

    assert response.status == 200
    assert response.json == {
        "id": response["id"],
        "username": "ada",
        "email": "ada@example.com",
        "is_active": True,
        "email_verified": False,
        "has_password": True,
        "created_at": response["created_at"],
        "updated_at": response["created_at"],
        "last_login": None,
        "metadata": {},
        "display_name": None,
        "locale": None,
    }
    assert response.response.headers["Cache-Control"] == "no-store"


async def test_profile_is_that_of_the_caller(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory(username="grace")

    assert [(await actor.profile())["username"] for actor in (ada, grace)] == ["ada", "grace"]


async def test_new_username_is_stored_in_canonical_form(user_factory: UserFactory) -> None:
    ada = await user_factory()
    before = await ada.profile()

    response = await rename(ada, "Ada.Lovelace")

    assert response.status == 200
    assert response.json == {**before.json, "username": "ada.lovelace", "updated_at": response["updated_at"]}
    assert response["updated_at"] > before["updated_at"]
    assert (await ada.profile()).json == response.json
    assert (await audit_actions())[-1] == "profile:changed"


async def test_old_username_is_free_after_a_rename(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await rename(ada, "lovelace")

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(username="lovelace")).status == 200
    assert (await Actor(ada.client, email="other@example.com").register()).status == 201


async def test_rename_to_the_current_username_succeeds(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await rename(ada, "ADA")).status == 200


@pytest.mark.parametrize("taken", ["grace", "GRACE"])
async def test_rename_to_a_taken_username_is_refused(user_factory: UserFactory, taken: str) -> None:
    ada, grace = await user_factory(), await user_factory(username="grace")

    assert (await rename(ada, taken)).outcome == (409, "DUPLICATE_USERNAME")

    assert [(await actor.profile())["username"] for actor in (ada, grace)] == ["ada", "grace"]
    assert "profile:changed" not in await audit_actions()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("username", "missing")]),
        ({"username": None}, [("username", "type")]),
        ({"username": 7}, [("username", "type")]),
        ({"username": "ab"}, [("username", "format")]),
        ({"username": "admin"}, [("username", "reserved")]),
        ({"username": "Admin"}, [("username", "reserved")]),
        ({"username": "a" * 51}, [("username", "too_long")]),
        ({"username": "ada\x00"}, [("username", "control_character")]),
        ({"username": "lovelace", "email": "eve@example.com"}, [("email", "unknown")]),
        ({"username": "lovelace", "is_active": False}, [("is_active", "unknown")]),
        ({"id": 1}, [("username", "missing"), ("id", "unknown")]),
    ],
    ids=str,
)
async def test_rename_request_is_validated(
    user_factory: UserFactory, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    ada = await user_factory()
    before = await user_rows()

    response = await ada.call("PATCH", "/api/user/profile", json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors
    assert await user_rows() == before


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_profile_requires_an_access_token(ada: Actor, method: str) -> None:
    assert (await ada.call(method, "/api/user/profile")).outcome == (401, "AUTHENTICATION_REQUIRED")


async def test_profile_of_a_disabled_user_is_refused(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await rename(ada, "lovelace")).outcome == (401, "TOKEN_REVOKED")
