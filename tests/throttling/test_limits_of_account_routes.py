"""Limits per client IP address of the routes that check the current password."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.mailbox import Mailbox

ROUTES = {
    "password_change": "/api/user/password",
    "email_change": "/api/user/email",
    "account_deletion": "/api/user/delete",
}


INVALID = {"unknown": "field"}
"""A body that every route refuses."""


@pytest.fixture
async def with_mail(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    """An application with the default limits that sends mail, so that it has all routes."""
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=CLIENT_IP) as other:
        yield other


@pytest.mark.parametrize(("name", "path"), ROUTES.items(), ids=ROUTES)
async def test_route_allows_20_requests_per_hour_and_client_ip(with_mail: OtherApp, name: str, path: str) -> None:
    ada = Actor(with_mail.client)
    await ada.register()

    responses = [await ada.call("POST", path, json=INVALID) for _ in range(21)]

    assert [response.status for response in responses] == [400] * 20 + [429]
    assert responses[-1].code == "RATE_LIMITED"
    assert responses[-1].response.headers["RateLimit-Policy"] == f'"{name}";q=20;w=3600'
    assert (await from_ip(ada, "198.51.100.1").call("POST", path, json=INVALID)).status == 400


@pytest.mark.parametrize("path", ROUTES.values(), ids=ROUTES)
async def test_request_without_a_session_does_not_count(with_mail: OtherApp, path: str) -> None:
    """Otherwise anyone in the owner's network could use up the limit without an account."""
    ada = Actor(with_mail.client)
    await ada.register()

    refused = [await ada.call("POST", path, json=INVALID, token="") for _ in range(21)]

    assert {response.status for response in refused} == {401}
    assert (await ada.call("POST", path, json=INVALID)).status == 400
