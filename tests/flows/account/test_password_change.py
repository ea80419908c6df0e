"""Changing the password throws everybody out, and lets the owner go on."""

from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import audit_actions

NEW = "Another-Mare-8-Paperclip"


async def change(person: Actor, *, current: str | None = None, new: str = NEW) -> ApiResponse:
    body = {"current_password": current or person.password, "new_password": new}
    return await person.call("POST", "/api/user/password", json=body)


async def test_every_earlier_session_ends_and_the_answer_is_a_new_one(user_factory: UserFactory) -> None:
    ada = await user_factory()
    thief = Actor(ada.client)
    await thief.log_in()

    changed = await change(ada)

    assert changed.status == 200
    assert (await thief.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await thief.try_refresh()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile(changed["access_token"])).status == 200
    assert (await ada.try_refresh(changed["refresh_token"])).status == 200


async def test_only_the_new_password_logs_in(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await change(ada)

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW)).status == 200


async def test_a_wrong_current_password_changes_nothing(user_factory: UserFactory) -> None:
    ada = await user_factory()

    response = await change(ada, current="Not-the-1-password")

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.profile()).status == 200
    assert (await ada.log_in()).status == 200


async def test_a_weak_new_password_is_told_by_its_own_field(user_factory: UserFactory) -> None:
    ada = await user_factory(username="lovelace")

    response = await change(ada, new="lovelace-A1-and-more")

    assert response.outcome == (400, "WEAK_PASSWORD")
    assert [(error["field"], error["code"]) for error in response["errors"]] == [
        ("new_password", "contains_username"),
        ("new_password", "contains_email"),
    ]
    assert (await ada.profile()).status == 200


async def test_the_history_has_it(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await change(ada)

    assert (await audit_actions())[-1] == "password:changed"
