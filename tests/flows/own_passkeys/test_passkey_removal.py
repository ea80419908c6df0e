"""Users remove their passkeys."""

import asyncio
from typing import Any

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.passkeys import (
    add_passkey,
    new_authenticator,
    passkey_login,
    remove_passkey,
)


async def test_removed_last_passkey_takes_the_recovery_codes_and_the_level(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    soft = new_authenticator()
    added = await add_passkey(ada, soft)

    assert await remove_passkey(ada, added["passkey"]["id"]) == (204, "")

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_UNKNOWN")
    assert await RecoveryCodeRow.count() == 0
    assert not await SessionRow.exists().where(SessionRow.mfa_at.is_not_null())
    assert await OutboxRow.count().where(OutboxRow.template == "factor_removed") == 1


async def test_only_own_passkeys_can_be_removed(user_factory: UserFactory) -> None:
    ada, eve = await user_factory(is_verified=True), await user_factory(is_verified=True)
    added = await add_passkey(ada, new_authenticator())
    await add_passkey(eve, new_authenticator())

    for passkey_id in (added["passkey"]["id"], 0, "x", "9" * 40, "1e3", "-1", "%C2%B2"):
        assert await remove_passkey(eve, passkey_id) == (404, "FACTOR_NOT_FOUND"), passkey_id
    assert await PasskeyRow.count() == 2


async def test_last_passkey_of_a_user_without_a_password_stays(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    first = await add_passkey(ada, new_authenticator())
    second = await add_passkey(ada, new_authenticator())
    changed: dict[Any, Any] = {UserRow.hashed_password: UNUSABLE_HASH}
    await UserRow.update(changed, force=True)

    assert await remove_passkey(ada, first["passkey"]["id"]) == (204, "")
    assert await remove_passkey(ada, second["passkey"]["id"]) == (409, "LAST_SIGN_IN_METHOD")


async def test_concurrent_removals_leave_one_way_to_log_in(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    ids = [(await add_passkey(ada, new_authenticator()))["passkey"]["id"] for _ in range(2)]
    changed: dict[Any, Any] = {UserRow.hashed_password: UNUSABLE_HASH}
    await UserRow.update(changed, force=True)

    outcomes = await asyncio.gather(*(remove_passkey(ada, passkey_id) for passkey_id in ids))

    assert sorted(outcomes) == [(204, ""), (409, "LAST_SIGN_IN_METHOD")]
