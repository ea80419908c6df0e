"""The flood limit: per network and process 50 requests a second with a burst of 500, checked before any statement."""

import httpx
import pytest

from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.clock import MovableMonotonicClock
from tests.support.statements import recorded

pytestmark = pytest.mark.slow

CHEAP_PATH = "/.well-known/jwks.json"
BURST = 500


async def flood(client: httpx.AsyncClient, client_ip: str) -> tuple[int, httpx.Response]:
    """Send requests until one is refused. Return the number that passed, and the refusal."""
    for number in range(BURST + 1):
        response = await client.get(CHEAP_PATH, headers={"X-Forwarded-For": client_ip})
        if response.status_code == 429:
            return number, response
    pytest.fail("nothing was refused")


async def test_flood_is_refused_after_the_burst(strict: OtherApp) -> None:
    passed, refused = await flood(strict.client, "198.51.100.1")

    assert passed == BURST
    assert ApiResponse(refused).outcome == (429, "RATE_LIMITED")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Connection"] == "close"


async def test_flood_costs_no_statement_and_other_networks_are_served(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await from_ip(ada, "192.0.2.1").register()
    victim = from_ip(ada, "192.0.2.1")
    await victim.log_in()
    thief = from_ip(victim, "198.51.100.1")
    await flood(strict.client, "198.51.100.1")

    with recorded(strict.services.core.database.engine) as statements:
        responses = [await thief.profile() for _ in range(BURST)]
    served = [await victim.profile(), await victim.refresh()]

    assert {response.outcome for response in responses} == {(429, "RATE_LIMITED")}
    assert statements == []
    assert [response.status for response in served] == [200, 200]


async def test_ipv6_addresses_of_one_network_share_the_limit(strict: OtherApp) -> None:
    await flood(strict.client, "2001:db8::1")

    neighbour, _ = await flood(strict.client, "2001:db8::2")
    stranger, _ = await flood(strict.client, "2001:db8:0:1::1")

    assert (neighbour, stranger) == (0, BURST)


async def test_flood_limit_refills_50_requests_a_second(strict: OtherApp, limit_clock: MovableMonotonicClock) -> None:
    await flood(strict.client, "198.51.100.1")
    limit_clock.now += 2

    passed, _ = await flood(strict.client, "198.51.100.1")

    assert passed == 100


async def test_disabled_limits_disable_the_flood_limit(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        statuses = {(await other.client.get(CHEAP_PATH)).status_code for _ in range(BURST + 100)}

    assert statuses == {200}
