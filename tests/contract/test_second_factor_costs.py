"""Cost limits of logins with a second factor and with a passkey, in statements, with all limits of requests enabled."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.factors import add_totp, current_code, first_step, second_step, switch_two_step_on
from tests.support.held_hasher import remove_all_slots
from tests.support.passkeys import login_options, send_login, stored_passkey
from tests.support.statements import recorded


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
async def limited(app_with: OtherAppFactory, ada: Actor) -> AsyncIterator[OtherApp]:
    """An application with all limits enabled, but higher ones, which she uses."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada.client = other.client
        yield other


async def test_second_factor_takes_twelve_statements_and_no_password_hash(
    ada: Actor, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them count and clear limits, one counts the guess, and three end, claim and record what was proved."""
    await switch_two_step_on(ada.username)
    seed = await add_totp(limited.services, ada.username)
    mfa_token = await first_step(ada)
    remove_all_slots(limited.services.core.hasher, monkeypatch)

    with recorded(limited.services.core.database.engine) as statements:
        response = await second_step(ada, mfa_token, current_code(limited.services, seed))

    assert response.status == 200
    assert len(statements) <= 12, statements


async def test_passkey_login_takes_eight_statements_and_no_password_hash(
    ada: Actor, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as a login by password without two-step login."""
    soft = await stored_passkey(limited.services, ada)
    credential = soft.get(await login_options(ada))
    remove_all_slots(limited.services.core.hasher, monkeypatch)

    with recorded(limited.services.core.database.engine) as statements:
        response = await send_login(ada, credential)

    assert response.status == 200
    assert len(statements) <= 8, statements


async def test_options_of_a_passkey_login_store_nothing_but_the_limit(ada: Actor, limited: OtherApp) -> None:
    """Browsers ask for them on every visit of a login page."""
    with recorded(limited.services.core.database.engine) as statements:
        await login_options(ada)

    assert [" ".join(statement.split()[:3]) for statement in statements] == ["INSERT INTO throttle_counters"]
