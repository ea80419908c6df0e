"""A passkey proves an identity again within a session."""

import asyncio

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.passkeys import (
    creation_options,
    factors_of,
    login_options,
    new_authenticator,
    remove_passkey,
    send_login,
    send_passkey,
    send_step_up,
    step_up_options,
    stored_passkey,
)
from tests.support.soft_authenticator import SYNCED


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address and a session by password."""
    return await user_factory(is_verified=True)


async def test_passkey_raises_the_level_of_the_session(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    passkey_id = (await factors_of(ada))["passkeys"][0]["id"]
    assert await remove_passkey(ada, passkey_id) == (403, "STEP_UP_REQUIRED")

    response = await send_step_up(ada, soft.get(await step_up_options(ada)))

    assert (response.status, response["acr"], response["amr"]) == (200, "phr", ["pwd", "hwk", "mfa"])
    ada.access_token = response["access_token"]
    assert await remove_passkey(ada, passkey_id) == (204, "")


async def test_passkey_step_up_is_single_use(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    credential = soft.get(await step_up_options(ada))

    responses = await asyncio.gather(*(send_step_up(ada, credential) for _ in range(20)))

    assert sorted(response.outcome for response in responses) == [(200, ""), *[(400, "PASSKEY_INVALID")] * 19]


async def test_step_up_challenge_belongs_to_one_session_and_purpose(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    credential = soft.get(await step_up_options(ada))
    for_login = soft.get(await login_options(ada))
    assert (await send_login(ada, credential)).outcome == (400, "PASSKEY_INVALID")
    assert (await send_step_up(ada, for_login)).outcome == (400, "PASSKEY_INVALID")

    await ada.log_in()

    assert (await send_step_up(ada, credential)).outcome == (400, "PASSKEY_INVALID")


async def test_registration_cannot_end_after_another_factor_was_added(ada: Actor, services: Services) -> None:
    credential = new_authenticator().create(await creation_options(ada))
    await stored_passkey(services, ada)

    assert (await send_passkey(ada, credential)).outcome == (403, "STEP_UP_REQUIRED")
    assert await PasskeyRow.count() == 1


async def test_user_without_a_passkey_cannot_step_up_by_one(ada: Actor) -> None:
    response = await ada.call("POST", "/api/auth/step-up/passkey-options", json={})

    assert response.outcome == (404, "FACTOR_NOT_FOUND")
    assert (await send_step_up(ada, {})).outcome == (404, "FACTOR_NOT_FOUND")


async def test_wrong_passkey_leaves_the_session_as_it_was(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    before = await SessionRow.select()
    soft.flags = 0x01

    assert (await send_step_up(ada, soft.get(await step_up_options(ada)))).outcome == (400, "PASSKEY_INVALID")
    assert await SessionRow.select() == before
