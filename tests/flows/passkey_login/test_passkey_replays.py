"""An assertion counts once, and only while its passkey exists."""

import asyncio

import pytest

from auth_api.credentials.errors import PasskeyInvalidException
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.used_values.tables import UsedValueRow
from tests.conftest import UserFactory
from tests.support.passkeys import (
    login_options,
    new_authenticator,
    passkey_login,
    send_login,
    stored_passkey,
)
from tests.support.soft_authenticator import DEVICE_BOUND, SYNCED


async def test_passkey_assertion_is_single_use(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    credential = soft.get(await login_options(ada))

    assert (await send_login(ada, credential)).status == 200
    assert (await send_login(ada, credential)).outcome == (400, "PASSKEY_INVALID")


@pytest.mark.parametrize("flags", [DEVICE_BOUND, SYNCED])
async def test_concurrent_uses_of_an_assertion_open_one_session(
    user_factory: UserFactory, services: Services, flags: int
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada, new_authenticator(flags=flags))
    credential = soft.get(await login_options(ada))

    responses = await asyncio.gather(*(send_login(ada, credential) for _ in range(50)))

    outcomes = sorted(response.outcome for response in responses)
    assert outcomes == [(200, ""), *[(400, "PASSKEY_INVALID")] * 49]
    assert await SessionRow.count() == 2  # with that of the registration
    assert not await AuditLogRow.exists().where(AuditLogRow.action == "passkey:counter_regressed")


async def test_concurrent_uses_of_one_counter_open_one_session(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    first, second = await login_options(ada), await login_options(ada)
    credential = soft.get(first)
    soft.sign_count -= 1  # a copy of the key
    copied = soft.get(second)

    responses = await asyncio.gather(send_login(ada, credential), send_login(ada, copied))

    assert sorted(response.status for response in responses) == [200, 400]


async def test_counter_of_a_device_must_increase(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory(is_verified=True)
    soft = new_authenticator()
    soft.sign_count = 7
    await stored_passkey(services, ada, soft)
    soft.sign_count = 6  # `get` increases it

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_INVALID")
    events = await AuditLogRow.select(AuditLogRow.resource).where(AuditLogRow.action == "passkey:counter_regressed")
    assert len(events) == 1


async def test_removed_passkey_is_unknown(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    await PasskeyRow.delete(force=True)

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_UNKNOWN")


async def test_passkey_removed_during_the_login_opens_no_session(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    credential = soft.get(await login_options(ada))
    passkeys = services.core.passkeys
    checked = await passkeys.check(
        credential, ChallengePurpose.LOGIN, binding="", user_id=None, request_context=RequestContext()
    )
    await PasskeyRow.delete(force=True)

    with pytest.raises(PasskeyInvalidException):
        await services.core.database.transaction(checked.claim)
    assert await UsedValueRow.count() == 1  # that of the registration: the other one is unused again
