"""The page on which people enter the codes of devices (RFC 8628 §3.3)."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from litestar import Litestar

from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory, http_client
from tests.support.aged_rows import ago
from tests.support.oauth_clients import register_client
from tests.support.secret_recorder import SecretRecorder
from tests.support.visitor import Page, Visitor

PAGE = "/account/device"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    await user_factory()
    return Visitor(client)


@pytest.fixture
async def stranger(app: Litestar, secret_recorder: SecretRecorder, db_session: None) -> AsyncIterator[Visitor]:
    """Another person with another browser."""
    async with http_client(app, secret_recorder) as other:
        yield Visitor(other, username="person1")


async def user_code(services: Services, client: httpx.AsyncClient) -> str:
    """Return the code that a device shows."""
    registered = await register_client(services, "device", name="Television", scopes=["openid"])
    fields = {"client_id": registered.client.client_id, "scope": "openid"}
    code: str = (await client.post("/oauth2/device_authorization", data=fields)).json()["user_code"]
    return code


async def enter(visitor: Visitor, code: str) -> Page:
    return await visitor.submit(await visitor.get(PAGE), PAGE, user_code=code)


async def test_right_code_leads_to_the_decision(services: Services, visitor: Visitor) -> None:
    code = await user_code(services, visitor.client)
    signed_out = await visitor.get(PAGE, user_code=code)
    assert signed_out.location.startswith("/account/login?continue=%2Faccount%2Fdevice")

    page = await visitor.follow(await visitor.log_in(f"{PAGE}?user_code={code}"))
    assert page.outcome == (200, "device", "")
    assert page.reader.inputs["user_code"]["value"] == code
    entered = await visitor.submit(page, PAGE, user_code=code.lower().replace("-", " "))

    address = urlsplit(entered.location)
    assert (entered.status, address.path) == (303, "/account/authorize")
    assert address.query.startswith("request=ar_")
    assert "auth_browser_80" in visitor.client.cookies


async def test_wrong_used_and_expired_codes_are_refused_at_the_field(
    services: Services, visitor: Visitor, stranger: Visitor, user_factory: UserFactory
) -> None:
    await user_factory()
    await visitor.log_in()
    await stranger.log_in()
    code = await user_code(services, visitor.client)

    for wrong in ("", "BBBB-BBBB", "no code", "x" * 31):
        page = await enter(visitor, wrong)
        assert page.status == 422
        assert page.field_error("user_code")
    page = await enter(visitor, "BBBB-BBBC")
    assert page.outcome == (422, "device", "FLOW_INVALID")
    assert page.reader.inputs["user_code"]["value"] == "BBBB-BBBC"
    assert "incorrect or has expired" in page.field_error("user_code")
    assert (await enter(visitor, code)).status == 303
    assert (await enter(stranger, code)).error == "FLOW_INVALID"  # the first browser keeps it
    assert (await enter(visitor, code)).status == 303
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)
    assert (await enter(visitor, code)).error == "FLOW_INVALID"


async def test_eleventh_wrong_code_is_refused(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000") as limited:
        visitor = Visitor(limited.client)
        fields = {"username": "ada", "email": "ada@example.com", "password": visitor.password}
        assert (await limited.client.post("/api/auth/register", json=fields)).status_code == 201
        await visitor.log_in()
        code = await user_code(limited.services, limited.client)

        assert (await enter(visitor, code)).status == 303  # a right one does not count
        pages = [await enter(visitor, "BBBB-BBBB") for _ in range(11)]
        right = await enter(visitor, code)

    assert [page.error for page in pages] == ["FLOW_INVALID"] * 10 + ["TOO_MANY_ATTEMPTS"]
    assert (right.status, right.error) == (429, "TOO_MANY_ATTEMPTS")
    assert int(right.response.headers["Retry-After"]) <= 300


async def test_code_from_another_site_is_not_accepted(services: Services, visitor: Visitor) -> None:
    await visitor.log_in()
    code = await user_code(services, visitor.client)

    page = await visitor.post(PAGE, {"user_code": code}, headers={"Sec-Fetch-Site": "cross-site"})

    assert page.error == "CROSS_SITE_REQUEST"
    assert await OAuthRequestRow.count().where(OAuthRequestRow.binding_hash.is_not_null()) == 0
