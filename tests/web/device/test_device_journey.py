"""A device that signs in: from its codes to its tokens, with the decision of a person in a browser (RFC 8628)."""

from dataclasses import dataclass

import httpx
import pytest

from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.aged_rows import ago
from tests.support.oauth_applications import outcome
from tests.support.oauth_clients import register_client
from tests.support.rows import audit_actions
from tests.support.visitor import Page, Visitor

DECISION = "/account/authorize"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
USER_AGENT = "Television/4.2 <b>"


@dataclass
class Television:
    """A device that has its codes."""

    http: httpx.AsyncClient
    client_id: str
    device_code: str
    complete_uri: str

    async def ask(self) -> httpx.Response:
        await OAuthRequestRow.update({OAuthRequestRow.polled_at: ago(hours=1)}, force=True)
        form = {"client_id": self.client_id, "grant_type": GRANT_TYPE, "device_code": self.device_code}
        return await self.http.post("/oauth2/token", data=form)


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    await user_factory()
    visitor = Visitor(client)
    await visitor.log_in()
    return visitor


async def begin(services: Services, client: httpx.AsyncClient, **fields: object) -> Television:
    registered = await register_client(services, "device", name="Films", scopes=["openid"], **fields)
    form = {"client_id": registered.client.client_id, "scope": "openid"}
    headers = {"User-Agent": USER_AGENT}
    codes = (await client.post("/oauth2/device_authorization", data=form, headers=headers)).json()
    return Television(client, form["client_id"], codes["device_code"], codes["verification_uri_complete"])


async def enter(visitor: Visitor, television: Television) -> Page:
    """Open the address that the device shows, and send the code that it fills in."""
    page = await visitor.get(television.complete_uri)
    return await visitor.follow(await visitor.submit(page, "/account/device"))


@pytest.mark.parametrize("first_party", [False, True])
async def test_allowed_device_gets_tokens(services: Services, visitor: Visitor, first_party: bool) -> None:
    for _ in range(2):  # a person is always asked
        television = await begin(services, visitor.client, first_party=first_party)
        page = await enter(visitor, television)
        assert page.outcome == (200, "consent", "")
        for shown in ("Films", "Television", "203.0.113.7", "UTC", "in front of you", "until you withdraw it"):
            assert shown in page.text
        assert outcome(await television.ask()) == (400, "authorization_pending")

        done = await visitor.follow(await visitor.submit(page, DECISION, decision="allow"))

        assert done.outcome == (200, "device-done", "")
        tokens = await television.ask()
        assert (tokens.status_code, "refresh_token" in tokens.json()) == (200, True)
        again = await visitor.follow(await visitor.submit(page, DECISION, decision="allow"))
        assert again.outcome == (200, "device-done", "")
    assert (await audit_actions()).count("oauth:device_approved") == 2


async def test_refused_device_is_told(services: Services, visitor: Visitor) -> None:
    television = await begin(services, visitor.client)
    page = await enter(visitor, television)

    done = await visitor.follow(await visitor.submit(page, DECISION, decision="deny"))

    assert done.outcome == (200, "device-done", "")
    assert "no access" in done.text
    assert outcome(await television.ask()) == (400, "access_denied")
    late = await visitor.follow(await visitor.submit(page, DECISION, decision="allow"))
    assert "no access" in late.text
    assert outcome(await television.ask()) == (400, "access_denied")
    actions = await audit_actions()
    assert ("oauth:device_denied" in actions, "oauth:consent_denied" in actions) == (True, False)


async def test_form_before_the_code_was_entered_again_decides_nothing(services: Services, visitor: Visitor) -> None:
    television = await begin(services, visitor.client)
    before = await enter(visitor, television)
    await enter(visitor, television)

    page = await visitor.submit(before, DECISION, decision="allow")

    assert page.error == "FLOW_INVALID"
    assert outcome(await television.ask()) == (400, "authorization_pending")


async def test_device_is_only_for_accounts_with_the_required_role(services: Services, visitor: Visitor) -> None:
    television = await begin(services, visitor.client, required_role="administrator")

    page = await enter(visitor, television)
    assert page.outcome == (200, "role", "")
    forged = await visitor.follow(await visitor.submit(page, DECISION, decision="allow"))

    assert forged.name == "role"
    assert outcome(await television.ask()) == (400, "authorization_pending")
