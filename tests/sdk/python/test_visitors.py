"""Limits count for each visitor of a site, if auth_api trusts the site."""

from typing import Any, Final

import pytest

from auth_api_sdk import Unavailable
from tests.sdk.python.fake_server import settled
from tests.sdk.python.real_server import connected
from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment

pytestmark = pytest.mark.slow

LIMIT: Final = 5
"""Logins per minute and client IP address."""


async def logins(client: Any, name: str) -> int:
    """Log in until a limit refuses it, and return the number of logins."""
    refusal, number = None, 0
    while refusal is None and number <= LIMIT:
        try:
            await settled(client.login(name, PASSWORD))
            number += 1
        except Unavailable as error:
            refusal = error
    assert refusal is not None
    assert (refusal.code, refusal.status) == ("RATE_LIMITED", 429)
    assert refusal.retry_after is not None
    return number


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_visitors_have_limits_of_their_own(deployment: Deployment, kind: str) -> None:
    with deployment.server(TRUSTED_PROXIES="127.0.0.1/32", RATE_LIMIT_ENABLED="true") as server:
        async with connected(kind, deployment, server) as clients:
            name, session, _ = await clients.log_in()
            first = clients.client.on_behalf_of("198.51.100.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
            second = clients.client.on_behalf_of("2001:db8:7::1")
            assert [await logins(each, name) for each in (first, second, first)] == [LIMIT, LIMIT, 0]
            listed = await settled(session.call(clients.client.sessions))
            seen = {(each.ip_address, each.device) for each in listed.items}
            assert ("198.51.100.1", "Firefox on Linux") in seen
            assert "2001:db8:7::1" in {address for address, _ in seen}


async def test_visitors_share_a_limit_if_the_site_is_not_trusted(deployment: Deployment) -> None:
    with deployment.server(RATE_LIMIT_ENABLED="true") as server:
        async with connected("sync", deployment, server) as clients:
            name, _, _ = await clients.log_in()
            visitors = [clients.client.on_behalf_of(address) for address in ("198.51.100.1", "198.51.100.2")]
            assert [await logins(each, name) for each in visitors] == [LIMIT, 0]
