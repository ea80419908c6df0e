"""A password change ends all sessions and opens a new one."""

import unicodedata
from typing import Literal

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import audit_actions
from tests.support.statements import recorded

NEW_PASSWORD = "Another-Mare-8-Paperclip"


async def change(actor: Actor, *, current: str | None = None, new: str = NEW_PASSWORD) -> ApiResponse:
    body = {"current_password": current or actor.password, "new_password": new}
    return await actor.call("POST", "/api/user/password", json=body)


async def test_password_change_ends_all_sessions_and_returns_a_new_one(user_factory: UserFactory) -> None:
    ada = await user_factory()
    other = Actor(ada.client)
    await other.log_in()

    changed = await change(ada)

    assert changed.status == 200
    assert (await other.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await other.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile(changed["access_token"])).status == 200
    assert (await ada.try_refresh(changed["refresh_token"])).status == 200


async def test_only_the_new_password_is_accepted(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await change(ada)

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_password_change_with_a_wrong_current_password_is_refused(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await change(ada, current="Not-the-1-password")

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.profile()).status == 200
    assert (await ada.log_in()).status == 200


async def test_weak_new_password_is_reported_at_its_field(user_factory: UserFactory) -> None:
    ada = await user_factory(username="lovelace")

    response = await change(ada, new="lovelace-A1-and-more")

    assert response.outcome == (400, "WEAK_PASSWORD")
    assert [(error["field"], error["code"]) for error in response["errors"]] == [
        ("new_password", "contains_username"),
        ("new_password", "contains_email"),
    ]
    assert (await ada.profile()).status == 200


@pytest.mark.parametrize("spelling", ["NFC", "NFD"])
async def test_unchanged_password_is_refused_and_ends_nothing(
    user_factory: UserFactory, services: Services, spelling: Literal["NFC", "NFD"]
) -> None:
    ada = await user_factory(password="Grün-Horse-7-Staple")
    phone = Actor(ada.client)
    await phone.log_in(password=ada.password)

    with recorded(services.core.database.engine) as statements:
        response = await change(ada, new=unicodedata.normalize(spelling, ada.password))

    assert response.outcome == (400, "WEAK_PASSWORD")
    assert response["errors"] == [
        {"field": "new_password", "code": "unchanged", "message": "Must differ from the current password."}
    ]
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
    assert [(await actor.profile()).status for actor in (ada, phone)] == [200, 200]


async def test_password_change_is_recorded(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await change(ada)

    assert (await audit_actions())[-1] == "password:changed"
