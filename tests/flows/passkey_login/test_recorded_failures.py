"""A login that fails with a registered passkey is in the security history of its user."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.exposition import Changes
from tests.support.passkeys import login_options, new_authenticator, passkey_login, send_login, stored_passkey
from tests.support.rows import user_rows
from tests.support.soft_authenticator import SYNCED, SoftAuthenticator

INVALID = (400, "PASSKEY_INVALID")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
async def soft(ada: Actor, services: Services) -> SoftAuthenticator:
    """The authenticator with her passkey."""
    return await stored_passkey(services, ada, new_authenticator(flags=SYNCED))


async def failed_logins() -> list[tuple[int | None, Any]]:
    """Return the user and the details of each failed login, oldest first."""
    rows = AuditLogRow.select(AuditLogRow.user_id, AuditLogRow.details).where(AuditLogRow.action == "login:failed")
    return [(row["user_id"], json.loads(row["details"])) for row in await rows.order_by(AuditLogRow.id)]


def use_another_key(soft: SoftAuthenticator) -> None:
    soft.key = new_authenticator().key


def use_another_handle(soft: SoftAuthenticator) -> None:
    soft.user_handle = "A" * 43


@pytest.mark.parametrize("spoil", [use_another_key, use_another_handle])
async def test_invalid_use_is_recorded_for_the_user_of_the_passkey(
    ada: Actor, soft: SoftAuthenticator, spoil: Callable[[SoftAuthenticator], None]
) -> None:
    spoil(soft)
    changes = Changes()

    assert (await passkey_login(ada, soft)).outcome == INVALID

    (user,) = await user_rows()
    assert await failed_logins() == [(user["id"], {"reason": "invalid_passkey"})]
    assert changes.by("logins_total", "outcome") == {"invalid_passkey": 1}


async def test_use_of_a_passkey_of_another_domain_is_recorded(ada: Actor, soft: SoftAuthenticator) -> None:
    changed: dict[Any, Any] = {PasskeyRow.rp_id: "old.example"}
    await PasskeyRow.update(changed, force=True)

    assert (await passkey_login(ada, soft)).outcome == INVALID

    (user,) = await user_rows()
    assert await failed_logins() == [(user["id"], {"reason": "invalid_passkey"})]


async def test_second_use_of_an_assertion_is_recorded(ada: Actor, soft: SoftAuthenticator) -> None:
    credential = soft.get(await login_options(ada))

    assert (await send_login(ada, credential)).status == 200
    assert (await send_login(ada, credential)).outcome == INVALID

    (user,) = await user_rows()
    assert await failed_logins() == [(user["id"], {"reason": "invalid_passkey"})]


async def test_request_without_a_registered_passkey_is_in_no_history(ada: Actor, soft: SoftAuthenticator) -> None:
    await PasskeyRow.delete(force=True)

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_UNKNOWN")
    assert (await send_login(ada, {})).outcome == INVALID

    assert await failed_logins() == []
