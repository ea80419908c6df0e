"""What follows from a new or removed factor: sessions go on, at the level that is left, and waiting logins end."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from auth_api.services import Services
from auth_api.sign_in.tables import PendingLoginRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp, add_app
from tests.support.factors import add_totp, first_step, second_step
from tests.support.passkeys import add_passkey, factors_of, new_authenticator, remove_passkey, stored_passkey

STEP_UP: Final = (403, "STEP_UP_REQUIRED")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory(is_verified=True)


@pytest.fixture
async def authenticator(ada: Actor) -> AuthenticatorApp:
    """Her authenticator app, which her session has proved."""
    app, _ = await add_app(ada)
    return app


@pytest.fixture
async def phone(ada: Actor, authenticator: AuthenticatorApp) -> Actor:
    """Her second session, which was opened with the app."""
    opened = await second_step(ada, await first_step(ada), authenticator.code())
    return Actor(ada.client, access_token=opened["access_token"], refresh_token=opened["refresh_token"])


async def remove_last_factor(ada: Actor, _services: Services) -> None:
    assert (await ada.call("DELETE", "/api/user/totp")).status == 204


async def switch_off(ada: Actor, _services: Services) -> None:
    """Remove the last factor, as an app has no use without two-step login."""
    assert (await ada.call("POST", "/api/user/two-step", json={"enabled": False})).status == 200


async def remove_one_of_two(ada: Actor, services: Services) -> None:
    await stored_passkey(services, ada)
    (passkey,) = (await factors_of(ada))["passkeys"]
    assert await remove_passkey(ada, passkey["id"]) == (204, "")


async def add_one(ada: Actor, _services: Services) -> None:
    assert (await add_passkey(ada, new_authenticator())).status == 201


async def listed_levels(actor: Actor) -> list[str]:
    """Return the levels of the live sessions, that of the caller first."""
    items = (await actor.call("GET", "/api/user/sessions"))["items"]
    return [item["acr"] for item in sorted(items, key=lambda item: not item["current"])]


async def refreshed_level(actor: Actor, services: Services) -> str | None:
    refreshed = await actor.refresh()
    assert refreshed.status == 200
    return services.core.sessions.access_tokens.verify(actor.access_token).acr


@pytest.mark.parametrize(
    ("change", "levels"),
    [
        (remove_last_factor, ["aal1", "aal1"]),
        (switch_off, ["aal1", "aal1"]),
        (remove_one_of_two, ["aal2", "aal1"]),
        (add_one, ["phr", "aal2"]),
    ],
)
async def test_sessions_go_on_at_the_level_that_is_left(
    ada: Actor,
    phone: Actor,
    services: Services,
    change: Callable[[Actor, Services], Awaitable[None]],
    levels: list[str],
) -> None:
    before = await listed_levels(ada)
    await first_step(ada)

    await change(ada, services)

    assert before == ["aal2", "aal2"]
    assert await listed_levels(ada) == levels
    assert await PendingLoginRow.count().where(PendingLoginRow.ended_at.is_null()) == 0
    assert [await refreshed_level(actor, services) for actor in (ada, phone)] == levels


@pytest.mark.parametrize("is_refreshed", [False, True])
async def test_no_session_reaches_a_later_factor_by_the_removed_one(
    ada: Actor, phone: Actor, services: Services, *, is_refreshed: bool
) -> None:
    """The access tokens of before still state the level of the removed factor."""
    await remove_last_factor(ada, services)
    await add_totp(services, ada.username)
    if is_refreshed:
        for actor in (ada, phone):
            await actor.refresh()

    outcomes: list[Any] = [
        (await actor.call("POST", "/api/user/recovery-codes", json={})).outcome for actor in (ada, phone)
    ]

    assert outcomes == [STEP_UP, STEP_UP]
