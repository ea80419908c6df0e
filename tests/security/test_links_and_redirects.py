"""No part of a request decides where a link or a redirect leads (ASVS 5.0 V1.2.2; RFC 9700 §4.11)."""

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.mailbox import Mailbox

FOREIGN_HOST_HEADERS = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
}


async def test_mailed_link_leads_to_the_public_url_of_the_settings(
    user_factory: UserFactory, client: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    await user_factory()
    await mailbox.collect()

    await client.post("/api/auth/password/forgot", json={"email": "ada@example.com"}, headers=FOREIGN_HOST_HEADERS)

    message = await mailbox.one()
    assert "http://testserver/account/reset-password#token=" in message.text
    assert "evil" not in message.text + message.html


@pytest.mark.parametrize("name", ["redirect_to", "redirect_uri", "next", "callbackURL", "return_to"])
async def test_request_cannot_choose_a_page_to_redirect_to(client: httpx.AsyncClient, name: str) -> None:
    body = {"email": "ada@example.com", name: "https://evil.example/"}

    refused = await client.post("/api/auth/password/forgot", json=body)
    ignored = await client.post(
        "/api/auth/password/forgot", json={"email": "ada@example.com"}, params={name: "https://evil.example/"}
    )

    assert (refused.status_code, refused.json()["error_code"]) == (400, "VALIDATION_ERROR")
    assert (ignored.status_code, "location" in ignored.headers) == (202, False)


@pytest.mark.parametrize(("path", "target"), [("/docs", "/schema/swagger"), ("/redoc", "/schema/redoc")])
async def test_redirect_stays_on_this_server(client: httpx.AsyncClient, path: str, target: str) -> None:
    response = await client.get(f"{path}?next=https://evil.example/", headers=FOREIGN_HOST_HEADERS)

    assert (response.status_code // 100, response.headers["location"]) == (3, target)
