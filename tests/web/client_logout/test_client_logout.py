"""/oauth2/logout, and the log-out page to which it leads (OpenID Connect RP-Initiated Logout)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar import Litestar

from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.oauth.requests.request import RequestKind, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from auth_api.settings import Settings
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory, http_client
from tests.support.aged_rows import ago
from tests.support.oauth_clients import register_client
from tests.support.secret_recorder import SecretRecorder
from tests.support.visitor import COOKIE, Page, Visitor

BACK = "https://wiki.example.com/bye?from=here"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://wiki.example.com"}


@dataclass
class Wiki:
    """An application, and a person who is logged in at the server.

    Attributes:
        visitor: the person.
        client_id: of the application.
        settings: of the server.
    """

    visitor: Visitor
    client_id: str
    settings: Settings

    async def id_token(self, **claims: Any) -> str:
        """Return an expired ID token of the person for the application."""
        row = await UserRow.select(UserRow.subject).where(UserRow.username == "ada").first()
        assert row is not None
        keys = self.settings.of(OAuthPolicy).keys
        usual = {"iss": keys.issuer, "aud": self.client_id, "sub": str(row["subject"]), "exp": 1}
        return await keys.sign_id_token({**usual, **claims})

    async def log_out(self, **parameters: str) -> Page:
        return await self.visitor.get("/oauth2/logout", **parameters)

    async def is_logged_in(self) -> bool:
        return not (await self.visitor.get("/account/history")).location

    def cookies(self) -> set[str]:
        return set(self.visitor.client.cookies)


@pytest.fixture
async def wiki(services: Services, settings: Settings, client: httpx.AsyncClient, user_factory: UserFactory) -> Wiki:
    await user_factory()
    visitor = Visitor(client)
    assert (await visitor.log_in()).location == "/account"
    registered = await register_client(services, name="Wiki", post_logout_redirect_uris=[BACK])
    return Wiki(visitor, registered.client.client_id, settings)


@pytest.fixture
async def stranger(app: Litestar, secret_recorder: SecretRecorder, db_session: None) -> AsyncIterator[Visitor]:
    """A person with another browser."""
    async with http_client(app, secret_recorder) as other:
        yield Visitor(other)


async def test_logout_with_a_valid_hint_ends_the_session_and_returns_to_the_application(wiki: Wiki) -> None:
    cookie = wiki.visitor.client.cookies[COOKIE]

    page = await wiki.log_out(id_token_hint=await wiki.id_token(), post_logout_redirect_uri=BACK, state="a b&ü")

    assert (page.status, page.location) == (303, f"{BACK}&state=a+b%26%C3%BC")
    assert COOKIE not in wiki.cookies()
    wiki.visitor.client.cookies.set(COOKIE, cookie, domain="testserver.local")
    assert not await wiki.is_logged_in()
    again = await wiki.log_out(id_token_hint=await wiki.id_token(), post_logout_redirect_uri=BACK)
    assert (again.status, again.location) == (303, BACK)
    assert await OAuthRequestRow.count() == 0


async def test_logout_without_an_address_ends_at_the_sign_in_page(wiki: Wiki) -> None:
    page = await wiki.log_out(id_token_hint=await wiki.id_token(), state="x")

    assert page.location == "/account/login?done=signed-out"
    assert not await wiki.is_logged_in()


async def test_logout_for_another_account_or_without_a_hint_is_asked_for(wiki: Wiki) -> None:
    other = await wiki.id_token(sub="6f1c0b5e-2f4a-4b8e-9d3c-1a2b3c4d5e6f")
    for parameters in ({"id_token_hint": other}, {"client_id": wiki.client_id}):
        page = await wiki.visitor.follow(await wiki.log_out(post_logout_redirect_uri=BACK, state="x", **parameters))

        assert page.outcome == (200, "logout", "")
        assert "Wiki wants to log you out here, too." in page.text
        assert await wiki.is_logged_in()

    stayed = await wiki.visitor.submit(page, "/account/logout", decision="no")
    assert stayed.location == "/account"
    ended = await wiki.visitor.submit(page, "/account/logout", decision="yes")
    assert ended.outcome == (200, "hop", "")
    assert f"{BACK}&state=x" in ended.reader.links
    assert not await wiki.is_logged_in()
    repeated = await wiki.visitor.submit(page, "/account/logout", decision="yes")
    assert (repeated.status, repeated.error, repeated.location) == (400, "FLOW_INVALID", "")


async def test_logout_without_an_application_is_asked_for_and_ends_at_the_sign_in_page(wiki: Wiki) -> None:
    page = await wiki.visitor.follow(await wiki.log_out())

    assert page.outcome == (200, "logout", "")
    assert "wants to log you out" not in page.text
    assert (await wiki.visitor.submit(page, "/account/logout", decision="yes")).location.startswith("/account/login?")


async def test_logout_of_a_person_who_is_not_logged_in_leads_back_by_a_link(wiki: Wiki, stranger: Visitor) -> None:
    page = await stranger.get("/oauth2/logout", client_id=wiki.client_id, post_logout_redirect_uri=BACK)
    page = await stranger.follow(page)

    assert page.outcome == (200, "logout", "")
    assert BACK in page.reader.links


async def test_logout_with_an_unknown_address_or_application_changes_nothing(services: Services, wiki: Wiki) -> None:
    hint = await wiki.id_token()
    other = (await register_client(services, name="Shop", post_logout_redirect_uris=[BACK])).client.client_id
    refused: tuple[dict[str, str], ...] = (
        {"post_logout_redirect_uri": BACK},
        {"post_logout_redirect_uri": f"{BACK}x", "id_token_hint": hint},
        {"post_logout_redirect_uri": "https://wiki.example.com/callback", "id_token_hint": hint},
        {"post_logout_redirect_uri": BACK, "id_token_hint": f"{hint[:-2]}AA"},
        {"post_logout_redirect_uri": BACK, "id_token_hint": await wiki.id_token(iss="https://evil.example")},
        {"client_id": other, "id_token_hint": hint, "post_logout_redirect_uri": BACK},
        {"client_id": "app_00000000000000000000"},
        {"client_id": "app_00000000000000000000", "id_token_hint": hint},
        {"id_token_hint": await wiki.id_token(aud="app_00000000000000000000")},
        {"id_token_hint": hint, "state": "s" * 1025},
    )
    for parameters in refused:
        page = await wiki.log_out(**parameters)

        assert page.outcome == (400, "refused-logout", "VALIDATION_ERROR"), parameters
        assert "/account/logout" in page.reader.links
    too_long = await wiki.visitor.post("/oauth2/logout", {"id_token_hint": "h" * 8193})
    assert too_long.outcome == (400, "refused-logout", "VALIDATION_ERROR")
    assert await wiki.is_logged_in()
    assert await OAuthRequestRow.count() == 0


async def test_logout_with_a_repeated_parameter_is_refused(wiki: Wiki) -> None:
    page = await wiki.visitor.get(f"/oauth2/logout?id_token_hint={await wiki.id_token()}&state=a&state=b")

    assert page.outcome == (400, "refused-logout", "VALIDATION_ERROR")
    assert await wiki.is_logged_in()
    asked = await wiki.visitor.follow(await wiki.visitor.get("/oauth2/logout?ui_locales=xx&ui_locales=de"))
    assert (asked.name, asked.response.headers["Content-Language"]) == ("logout", "de")  # a hint, which cannot be wrong


async def test_logout_for_a_disabled_application_is_refused(wiki: Wiki) -> None:
    stored = await wiki.log_out(client_id=wiki.client_id, post_logout_redirect_uri=BACK)
    await OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True)

    page = await wiki.log_out(id_token_hint=await wiki.id_token(), post_logout_redirect_uri=BACK)

    assert page.outcome == (400, "refused-logout", "VALIDATION_ERROR")
    assert (await wiki.visitor.follow(stored)).error == "FLOW_INVALID"
    assert await wiki.is_logged_in()


@pytest.mark.parametrize("has_hint", [True, False])
async def test_logout_by_a_form_of_another_site_is_decided_after_its_redirect(
    wiki: Wiki, stranger: Visitor, has_hint: bool
) -> None:
    fields = {"client_id": wiki.client_id, "post_logout_redirect_uri": BACK, "state": "x", "ui_locales": "xx de-CH"}
    if has_hint:
        fields["id_token_hint"] = await wiki.id_token()

    stored = await stranger.post("/oauth2/logout", fields, headers=CROSS_SITE)  # browsers send no cookie with it

    assert stored.status == 303
    assert "set-cookie" not in stored.response.headers
    page = await wiki.visitor.get(stored.location)
    if has_hint:
        assert (page.status, page.location) == (303, f"{BACK}&state=x")
        assert not await wiki.is_logged_in()
    else:
        page = await wiki.visitor.follow(page)
        assert page.outcome == (200, "logout", "")
        assert page.response.headers["Content-Language"] == "de"
        assert await wiki.is_logged_in()
    for visitor in (stranger, wiki.visitor) if has_hint else (stranger,):
        assert (await visitor.get(stored.location)).error == "FLOW_INVALID"


async def test_stored_logout_belongs_to_one_browser_and_expires(wiki: Wiki, stranger: Visitor) -> None:
    stored = await wiki.log_out(client_id=wiki.client_id)

    assert (await stranger.get(stored.location)).outcome == (400, "error", "FLOW_INVALID")
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)
    assert (await wiki.visitor.get(stored.location)).outcome == (400, "error", "FLOW_INVALID")
    assert await wiki.is_logged_in()


async def test_request_for_authorization_does_not_log_out(services: Services, wiki: Wiki) -> None:
    await wiki.log_out()
    browser, parameters = wiki.visitor.client.cookies["auth_browser_80"], RequestParameters(hint_subject="x")
    raw = await services.of(OAuthRequests).open(RequestKind.AUTHORIZE, None, parameters, browser=browser)

    assert (await wiki.log_out(request=raw)).outcome == (400, "error", "FLOW_INVALID")
    assert await wiki.is_logged_in()


async def test_logout_is_limited_per_client_ip(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as limited:
        await limited.client.get("/oauth2/logout")
        await ThrottleCounterRow.update({ThrottleCounterRow.attempts: 60}, force=True)
        refused = Page(await limited.client.get("/oauth2/logout"))

    assert refused.outcome == (429, "error", "RATE_LIMITED")
    assert refused.response.headers["RateLimit-Policy"] == '"oauth_logout";q=60;w=60'
