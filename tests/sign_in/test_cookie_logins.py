"""Logins in cookie mode by whatever proof: the token is in the cookie, and the session of the cookie before ends."""

import httpx

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import ApiResponse
from tests.support.cookie_mode import CookieActor, set_cookie
from tests.support.factors import add_totp, current_code, switch_two_step_on
from tests.support.invitations import JOINING, invited
from tests.support.mailbox import Mailbox
from tests.support.passkeys import passkey_login, stored_passkey


async def assert_replaced(page: CookieActor, response: ApiResponse, before: str | None) -> None:
    """Assert that a response has opened the only session of the browser."""
    assert response.response.is_success, response.json
    assert "refresh_token" not in response.json
    assert set_cookie(response).value == page.cookie != before
    live = await SessionRow.select().where(SessionRow.ended_at.is_null())
    assert [row["transport"] for row in live] == ["cookie"]
    assert (await page.try_refresh()).status == 200


async def test_every_way_to_log_in_replaces_the_session_of_the_cookie(
    client: httpx.AsyncClient, user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await SessionRow.delete(force=True)
    page = CookieActor(client)
    await page.log_in()
    seed, soft = await add_totp(services, ada.username), await stored_passkey(services, ada)
    await switch_two_step_on(ada.username)

    first = page.cookie
    refused = await page.log_in()
    assert (refused.outcome, set_cookie(refused), page.cookie) == ((403, "MFA_REQUIRED"), None, first)
    assert (await page.try_refresh()).status == 200
    body = {"mfa_token": refused["mfa_token"], "method": "totp", "code": current_code(services, seed)}
    await assert_replaced(page, await page.call("POST", "/api/auth/mfa", token="", json=body), first)

    second = page.cookie
    await assert_replaced(page, await passkey_login(page, soft), second)

    third = page.cookie
    body = {"token": await invited(services, mailbox), **JOINING}
    await assert_replaced(page, await page.call("POST", "/api/auth/invitations/accept", token="", json=body), third)
