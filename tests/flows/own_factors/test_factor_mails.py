"""Each change of the second factors is mailed to the user once."""

from collections.abc import Awaitable, Callable

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import add_app
from tests.support.mail_flows import report
from tests.support.mailbox import Mailbox, token_of
from tests.support.passkeys import stored_passkey

Change = Callable[[Actor], Awaitable[None]]


async def remove(actor: Actor) -> None:
    await actor.call("DELETE", "/api/user/totp")


async def switch(actor: Actor, *, enabled: bool) -> None:
    await actor.call("POST", "/api/user/two-step", json={"enabled": enabled})


async def switch_off(actor: Actor) -> None:
    await switch(actor, enabled=False)


async def create_codes(actor: Actor) -> None:
    await actor.call("POST", "/api/user/recovery-codes", json={})


async def replace(actor: Actor) -> None:
    await add_app(actor)


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address, a session and an authenticator app."""
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    return ada


async def test_first_app_is_mailed_with_what_followed(ada: Actor, mailbox: Mailbox) -> None:
    message = await mailbox.one()

    assert message.subject == "New authenticator app for your account"
    assert "Two-step login is now on, and all other devices were logged out." in message.text


async def test_link_in_the_mail_removes_the_app(ada: Actor, mailbox: Mailbox) -> None:
    assert (await report(ada, token_of(await mailbox.one()))).status == 200

    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


@pytest.mark.parametrize(
    ("change", "subjects"),
    [
        (remove, ["Authenticator app removed from your account"]),
        (switch_off, ["Authenticator app removed from your account"]),
        (replace, ["New authenticator app for your account"]),
        (create_codes, ["New recovery codes for your account"]),
    ],
)
async def test_change_is_mailed_to_the_user_once(
    ada: Actor, mailbox: Mailbox, change: Change, subjects: list[str]
) -> None:
    await mailbox.collect()

    await change(ada)

    assert [message.subject for message in await mailbox.collect()] == subjects


async def test_switched_two_step_login_is_mailed(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await stored_passkey(services, ada)
    await SessionRow.update({SessionRow.amr: "pwd swk", SessionRow.mfa_at: SessionRow.auth_time}, force=True)
    await ada.refresh()

    await switch(ada, enabled=True)
    (on,) = await mailbox.collect()
    await switch(ada, enabled=False)
    (off,) = await mailbox.collect()

    assert [mail.subject for mail in (on, off)] == ["Two-step login was switched on", "Two-step login was switched off"]
