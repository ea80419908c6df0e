"""The limit on refreshes: counted per IP address in the memory of each worker process, and refilled evenly."""

import asyncio
from collections import Counter

import pytest

from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.throttling.policy import ClientIpLimit, ThrottlingPolicy
from auth_api.throttling.tables import ThrottleCounterRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.client_ips import from_ip
from tests.support.clock import MovableMonotonicClock
from tests.support.statements import recorded

LIMITS = (ClientIpLimit(name="refresh", requests=3, window_seconds=6, is_shared=False),)
CLIENT_IP = "198.51.100.1"
REFUSED = (429, "RATE_LIMITED")


@pytest.fixture
def monotonic() -> MovableMonotonicClock:
    return MovableMonotonicClock()


@pytest.fixture
def limits(monotonic: MovableMonotonicClock) -> ClientIpLimits:
    return ClientIpLimits(ThrottlingPolicy(), LIMITS, monotonic)


async def is_allowed(limits: ClientIpLimits, client_ip: str | None = CLIENT_IP) -> bool:
    usage = await limits.spend("refresh", client_ip)
    assert usage is not None
    return not usage.is_exceeded


async def headers_of(limits: ClientIpLimits) -> str:
    usage = await limits.spend("refresh", CLIENT_IP)
    assert usage is not None
    return usage.headers["RateLimit"]


async def refresh(person: Actor) -> ApiResponse:
    return await person.try_refresh("rt_unknown")


async def send_200(person: Actor) -> list[ApiResponse]:
    return await asyncio.gather(*(refresh(person) for _ in range(200)))


async def test_refresh_limit_counts_down_and_refills_one_request_at_a_time(
    limits: ClientIpLimits, monotonic: MovableMonotonicClock
) -> None:
    assert [await is_allowed(limits) for _ in range(5)] == [True, True, True, False, False]

    monotonic.now += 2
    assert [await is_allowed(limits) for _ in range(2)] == [True, False]

    monotonic.now += 6
    assert [await is_allowed(limits) for _ in range(4)] == [True, True, True, False]


async def test_refresh_limit_shows_requests_left_and_seconds_until_all_are_back(
    limits: ClientIpLimits, monotonic: MovableMonotonicClock
) -> None:
    shown = [await headers_of(limits) for _ in range(4)]
    monotonic.now += 4

    assert shown == ['"refresh";r=2;t=2', '"refresh";r=1;t=4', '"refresh";r=0;t=6', '"refresh";r=0;t=6']
    assert await headers_of(limits) == '"refresh";r=1;t=4'


async def test_refused_refresh_may_be_retried_when_the_next_request_is_back(
    limits: ClientIpLimits, monotonic: MovableMonotonicClock
) -> None:
    for _ in range(3):
        await limits.spend("refresh", CLIENT_IP)
    monotonic.now += 0.5

    usage = await limits.spend("refresh", CLIENT_IP)

    assert usage is not None
    assert usage.retry_after == 1.5


async def test_refresh_limit_counts_each_network_separately(limits: ClientIpLimits) -> None:
    for _ in range(4):
        await limits.spend("refresh", "2001:db8:0:1::1")

    assert not await is_allowed(limits, "2001:db8:0:1::2")
    assert await is_allowed(limits, "2001:db8:0:2::1")
    assert await is_allowed(limits, None)


async def test_exactly_150_of_200_parallel_refreshes_pass(strict: OtherApp) -> None:
    responses = await send_200(Actor(strict.client))

    assert Counter(response.outcome for response in responses) == {(401, "TOKEN_INVALID"): 150, REFUSED: 50}
    refused = [response.response for response in responses if response.status == 429]
    assert {response.headers["RateLimit-Policy"] for response in refused} == {'"refresh";q=150;w=300'}
    assert {response.headers["Retry-After"] for response in refused} == {"2"}
    assert {response.headers["RateLimit"] for response in refused} == {'"refresh";r=0;t=300'}


async def test_refresh_is_counted_without_a_statement(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await ada.register()
    counters = await ThrottleCounterRow.count()

    with recorded(strict.services.core.database.engine) as statements:
        response = await ada.refresh()

    assert response.status == 200
    assert response.response.headers["RateLimit"] == '"refresh";r=149;t=2'
    assert not [statement for statement in statements if "throttle_counters" in statement]
    assert await ThrottleCounterRow.count() == counters


async def test_used_up_refresh_limit_affects_no_other_route_or_address(strict: OtherApp) -> None:
    ada = Actor(strict.client)
    await ada.register()
    await send_200(ada)

    assert (await refresh(ada)).outcome == REFUSED
    assert (await ada.profile()).status == 200
    assert (await ada.log_in()).status == 200
    assert (await from_ip(ada, CLIENT_IP).refresh()).status == 200


async def test_disabled_refresh_limit_refuses_nothing_and_sends_no_headers(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="false") as other:
        responses = await send_200(Actor(other.client))

    assert {response.outcome for response in responses} == {(401, "TOKEN_INVALID")}
    assert not {"ratelimit", "ratelimit-policy"} & set(responses[-1].response.headers)
