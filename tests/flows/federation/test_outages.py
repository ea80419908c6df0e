"""The database fails at each statement of a request: 503, nothing changes, and the sign-in goes on afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest

from auth_api.piccolo_app import APP_CONFIG
from auth_api.sign_in_flows.flow import FlowPurpose
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.factors import add_totp, switch_two_step_on
from tests.support.identities import VERIFIER, add_identity, install_acme, link_token, proved_code, sign_up
from tests.support.mail_flows import mark_all_verified
from tests.support.mailbox import Mailbox
from tests.support.outages import outage
from tests.support.provider_browser import APPLICATION, APPLICATION_START, ProviderBrowser
from tests.support.rows import age_sessions

ADDRESS: dict[str, Any] = {"email": "ada@example.com", "is_email_proven": True}
"""Of Ada, as the provider has verified it."""


@pytest.fixture
async def other(app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtherApp]:
    """A server with a provider."""
    install_acme(monkeypatch)
    async with app_with(mailer=Mailbox(), RETURN_URLS=f'["{APPLICATION}"]') as opened:
        yield opened


async def exchange(other: OtherApp, ada: Actor, **person: Any) -> Callable[[], Awaitable[Any]]:
    """Exchange the code of a login."""
    code = await proved_code(other.services, **person)
    body = {"code": code, "code_verifier": VERIFIER}
    return lambda: ada.call("POST", "/api/auth/exchange", token="", json=body)


async def exchange_of_linked(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    await mark_all_verified()
    await add_identity(other.services, (await ada.profile())["id"])
    return await exchange(other, ada)


async def exchange_with_second_factor(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    await add_totp(other.services, "ada")
    await switch_two_step_on("ada")
    return await exchange_of_linked(other, ada)


async def exchange_of_claimed(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    return await exchange(other, ada, **ADDRESS)


async def exchange_of_address(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    await mark_all_verified()
    return await exchange(other, ada, **ADDRESS)


async def exchange_of_stranger(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    return await exchange(other, ada)


async def registration(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    required = await sign_up(other.services, email="eve@example.com", is_email_proven=True)
    body = {"signup_token": required.signup_token, "username": "eve"}
    return lambda: ada.call("POST", "/api/auth/providers/register", token="", json=body)


async def start_of_link(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    body = {"provider": "acme", **APPLICATION_START}
    ticket = urlsplit((await ada.call("POST", "/api/user/identities/start", json=body))["start_url"])
    browser = ProviderBrowser(other.client)
    return lambda: browser.get(ticket.path, ticket.query)


async def link_by_code(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    user_id, session_id = await ids_of(other, ada)
    code = await proved_code(other.services, FlowPurpose.LINK, user_id=user_id, session_id=session_id)
    body = {"code": code, "code_verifier": VERIFIER}
    return lambda: ada.call("POST", "/api/user/identities", json=body)


async def link_by_token(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    body = {"link_token": await link_token(other.services, "ada")}
    return lambda: ada.call("POST", "/api/user/identities", json=body)


async def unlink(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    identity = await add_identity(other.services, (await ada.profile())["id"])
    return lambda: ada.call("DELETE", f"/api/user/identities/{identity.id}")


async def unlink_without_recent_proof(other: OtherApp, ada: Actor) -> Callable[[], Awaitable[Any]]:
    await age_sessions(minutes=10)
    return await unlink(other, ada)


async def ids_of(other: OtherApp, ada: Actor) -> tuple[int, Any]:
    """Return the ids of the user and of the session."""
    claims = other.services.core.sessions.access_tokens.verify(ada.access_token)
    return claims.user_id, claims.sid


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (exchange_of_linked, (200, "")),
        (exchange_with_second_factor, (403, "MFA_REQUIRED")),
        (exchange_of_claimed, (200, "")),
        (exchange_of_address, (409, "IDENTITY_LINK_REQUIRED")),
        (exchange_of_stranger, (403, "SIGN_UP_REQUIRED")),
        (registration, (201, "")),
        (start_of_link, (303, "")),
        (link_by_code, (201, "")),
        (link_by_token, (201, "")),
        (unlink, (204, "")),
        (unlink_without_recent_proof, (403, "STEP_UP_REQUIRED")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_request_can_be_repeated_after_an_outage(
    other: OtherApp,
    prepare: Callable[[OtherApp, Actor], Awaitable[Callable[[], Awaitable[Any]]]],
    expected: tuple[int, str],
) -> None:
    ada = Actor(other.client)
    await ada.register()
    send = await prepare(other, ada)
    before = await all_rows()

    for number in count(1):
        with outage(other.services.core.database.engine, number=number) as begun:
            answer = await send()
        response = getattr(answer, "response", answer)
        if not begun.has_begun:
            break
        assert (response.status_code, "Retry-After" in response.headers) == (503, True), number
        assert await all_rows() == before, number

    code = response.json().get("error_code", "") if response.content else ""
    assert (response.status_code, code) == expected
    assert number > 2


async def all_rows() -> list[Any]:
    """Return all rows of all tables."""
    return [await table.select().order_by(table._meta.primary_key) for table in APP_CONFIG.table_classes]  # noqa: SLF001 - Piccolo has no public name for it
