"""In front of all that costs a query, one network may send 50 requests a second to a process, 500 of them at once."""

import httpx
import pytest

from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.statements import recorded

pytestmark = pytest.mark.slow

CHEAP = "/.well-known/jwks.json"
BURST = 500


async def flood(client: httpx.AsyncClient, address: str) -> tuple[int, httpx.Response]:
    """Send until one is refused, and return how many passed, and the refusal."""
    for number in range(5 * BURST):
        response = await client.get(CHEAP, headers={"X-Forwarded-For": address})
        if response.status_code == 429:
            return number, response
    pytest.fail("nothing was refused")


async def test_a_flood_is_refused_after_its_burst(strict: OtherApp) -> None:
    passed, refused = await flood(strict.client, "198.51.100.1")

    assert passed >= BURST
    assert ApiResponse(refused).outcome == (429, "RATE_LIMITED")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Connection"] == "close"


async def test_a_flood_costs_no_statement_while_another_network_is_served(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await from_ip(ada, "192.0.2.1").register()
    victim = from_ip(ada, "192.0.2.1")
    await victim.log_in()
    thief = from_ip(victim, "198.51.100.1")
    await flood(strict.client, "198.51.100.1")

    with recorded(strict.services.database.engine) as statements:
        responses = [await thief.profile() for _ in range(BURST)]
    served = [await victim.profile(), await victim.refresh()]

    let_in = [response for response in responses if response.status == 200]  # as time goes on, 50 a second are
    assert {response.outcome for response in responses if response not in let_in} == {(429, "RATE_LIMITED")}
    assert len(statements) == len(let_in)
    assert [response.status for response in served] == [200, 200]


async def test_an_ipv6_network_floods_as_one(strict: OtherApp) -> None:
    await flood(strict.client, "2001:db8::1")

    neighbour, _ = await flood(strict.client, "2001:db8::2")
    stranger, _ = await flood(strict.client, "2001:db8:0:1::1")

    assert neighbour < BURST <= stranger


async def test_switched_off_there_is_no_limit(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        statuses = {(await other.client.get(CHEAP)).status_code for _ in range(BURST + 100)}

    assert statuses == {200}
