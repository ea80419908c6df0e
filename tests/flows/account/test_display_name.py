"""The display name: set at the registration or later, removed, exported; never in a mail or a token."""

from typing import Any

import pytest

from auth_api.kit.mail.message import Message
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.forgeries import claims_of
from tests.support.mail_flows import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    verify,
    verifying_app,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions, user_rows

NAME = "Zoë Müller-O'Neil"
HOSTILE = "Call the evil hotline now"


async def change(actor: Actor, **fields: object) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json=fields)


async def display_name(actor: Actor) -> Any:
    return (await actor.profile())["display_name"]


async def test_new_user_has_none_unless_it_is_registered(user_factory: UserFactory, ada: Actor) -> None:
    grace = await user_factory(username="grace")

    registered = await ada.register(display_name=f"  {NAME} ")

    assert (registered.status, registered["display_name"]) == (201, NAME)
    assert [await display_name(actor) for actor in (ada, grace)] == [NAME, None]


@pytest.mark.parametrize("field", [{"display_name": None}, {}])
async def test_registration_without_one_stores_null(ada: Actor, field: dict[str, None]) -> None:
    assert (await ada.register(**field))["display_name"] is None


async def test_change_stores_it_and_keeps_the_username(user_factory: UserFactory) -> None:
    ada = await user_factory()
    before = await ada.profile()

    response = await change(ada, display_name="Lovelace\u0301  李小龙 ")

    assert response.json == {
        **before.json,
        "display_name": "Lovelacé 李小龙",
        "updated_at": response["updated_at"],
    }
    assert response["updated_at"] > before["updated_at"]
    assert (await ada.profile()).json == response.json
    assert [row["display_name"] for row in await user_rows()] == ["Lovelacé 李小龙"]
    assert (await audit_actions())[-1] == "profile:changed"


async def test_null_removes_it_and_absence_keeps_it(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await change(ada, display_name=NAME)

    renamed = await change(ada, username="lovelace")
    removed = await change(ada, display_name=None)

    assert (renamed["username"], renamed["display_name"]) == ("lovelace", NAME)
    assert (removed["username"], removed["display_name"]) == ("lovelace", None)
    assert await display_name(ada) is None


async def test_taken_username_leaves_it_unchanged(user_factory: UserFactory) -> None:
    ada, _ = await user_factory(), await user_factory(username="grace")

    response = await change(ada, username="grace", display_name=NAME)

    assert response.outcome == (409, "DUPLICATE_USERNAME")
    assert await display_name(ada) is None


async def test_two_users_may_have_the_same(user_factory: UserFactory) -> None:
    actors = await user_factory(), await user_factory(username="grace")

    assert [(await change(actor, display_name=NAME)).status for actor in actors] == [200, 200]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (7, "type"),
        (["Ada"], "type"),
        ("", "too_short"),
        ("   ", "too_short"),
        ("a" * 101, "too_long"),
        ("Ada\nLovelace", "control_character"),
        ("Ada\x00", "control_character"),
        ("Ada\u202e", "invisible_character"),
    ],
)
async def test_invalid_value_is_refused(user_factory: UserFactory, ada: Actor, value: object, code: str) -> None:
    grace = await user_factory(username="grace")
    before = await user_rows()

    for response in (await change(grace, display_name=value), await ada.register(display_name=value)):
        assert response.outcome == (400, "VALIDATION_ERROR")
        assert [(error["field"], error["code"]) for error in response["errors"]] == [("display_name", code)]
    assert await user_rows() == before


async def test_lone_surrogate_is_a_malformed_request(user_factory: UserFactory) -> None:
    ada = await user_factory()
    headers = {"Content-Type": "application/json"}

    response = await ada.call("PATCH", "/api/user/profile", content=b'{"display_name": "Ada \\ud800"}', headers=headers)

    assert response.outcome == (400, "MALFORMED_REQUEST")


async def test_export_contains_it(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await change(ada, display_name=NAME)

    export = await ada.call("GET", "/api/user/export")

    assert export["profile"]["display_name"] == NAME


async def test_changed_fields_are_in_the_security_history_without_values(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await change(ada, username="lovelace", display_name=NAME)

    history = await ada.call("GET", "/api/user/audit-log")

    assert history["items"][0]["details"] == {"fields": ["display_name", "username"]}
    assert NAME not in history.response.text


async def test_registration_that_waits_for_its_mail_keeps_it(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        ada = Actor(other.client)
        await ada.call("POST", "/api/auth/register", json=fields_of(ada, display_name=HOSTILE))
        mail = await mailbox.one()
        await verify(ada, token_of(mail), password=PASSWORD)

        assert (await ada.log_in())["user"]["display_name"] == HOSTILE
        assert "evil" not in text_of(mail)


async def test_mails_do_not_contain_it(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with verifying_app(app_with, mailbox) as other:
        ada = Actor(other.client)
        await ada.call("POST", "/api/auth/register", json=fields_of(ada, display_name=HOSTILE))
        await verify(ada, await mailbox.token(), password=PASSWORD)
        await ada.log_in()
        await forgot(ada, ada.email)
        await change_email(ada, "lovelace@example.com")
        (_, confirmation) = await mailbox.collect()
        await confirm(ada, token_of(confirmation), bearer=ada.access_token)
        await change_password(ada, NEW_PASSWORD)
        await mailbox.collect()
        shown = await display_name(ada)
        await ada.call("POST", "/api/user/delete", json={"current_password": NEW_PASSWORD})
        await mailbox.collect()

    assert shown == HOSTILE
    assert len(mailbox.sent) == 6
    assert [mail.subject for mail in mailbox.sent if "evil" in text_of(mail)] == []


async def test_access_token_does_not_contain_it(ada: Actor) -> None:
    await ada.register(display_name="Lovelace")

    assert "Lovelace" not in str(claims_of(ada.access_token))


def text_of(mail: Message) -> str:
    return mail.subject + mail.text + mail.html


def fields_of(actor: Actor, **more: str) -> dict[str, str]:
    """Return the fields of a registration."""
    return {"email": actor.email, "username": actor.username, "password": actor.password, **more}
