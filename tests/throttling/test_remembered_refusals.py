"""A process that has refused a client refuses it again without a statement until the window ends."""

import pytest

from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.throttling.policy import ClientIpLimit, ThrottlingPolicy
from tests.conftest import OtherApp
from tests.support.clock import MovableMonotonicClock
from tests.support.counters import age_counters
from tests.support.statements import recorded

POLICY = ThrottlingPolicy()
LIMITS = [ClientIpLimit(name=name, requests=2, window_seconds=100) for name in ("login", "register")]
CLIENT_IP = "198.51.100.1"


@pytest.fixture
def monotonic() -> MovableMonotonicClock:
    return MovableMonotonicClock()


@pytest.fixture
def limits(strict: OtherApp, monotonic: MovableMonotonicClock) -> ClientIpLimits:
    return ClientIpLimits(POLICY, LIMITS, monotonic)


async def remaining(limits: ClientIpLimits, client_ip: str | None = CLIENT_IP, name: str = "login") -> int:
    """Count one request. Return the remaining ones, -1 for a refusal."""
    usage = await limits.spend(name, client_ip)
    assert usage is not None
    return -1 if usage.is_exceeded else usage.limit.requests - usage.used


async def test_refusal_is_remembered_until_the_window_ends(
    strict: OtherApp, limits: ClientIpLimits, monotonic: MovableMonotonicClock
) -> None:
    assert [await remaining(limits) for _ in range(3)] == [1, 0, -1]

    monotonic.now += 99
    with recorded(strict.services.core.database.engine) as statements:
        assert await remaining(limits) == -1
    assert statements == []

    monotonic.now += 1
    await age_counters(100)
    assert await remaining(limits) == 1


async def test_remembered_refusal_has_the_remaining_seconds(
    limits: ClientIpLimits, monotonic: MovableMonotonicClock
) -> None:
    for _ in range(3):
        await limits.spend("login", CLIENT_IP)

    monotonic.now += 40
    usage = await limits.spend("login", CLIENT_IP)

    assert usage is not None
    assert usage.resets_in == 60


async def test_refusal_is_remembered_for_its_kind_and_ip_address_only(limits: ClientIpLimits) -> None:
    for _ in range(3):
        await limits.spend("login", CLIENT_IP)

    assert await remaining(limits, name="register") == 1
    assert await remaining(limits, "198.51.100.2") == 1


async def test_clients_without_an_ip_address_share_one_count(limits: ClientIpLimits) -> None:
    assert [await remaining(limits, None) for _ in range(3)] == [1, 0, -1]


async def test_another_process_refuses_by_the_count_of_the_database(limits: ClientIpLimits) -> None:
    for _ in range(2):
        await limits.spend("login", CLIENT_IP)

    assert await remaining(ClientIpLimits(POLICY, LIMITS)) == -1


async def test_full_memory_keeps_refusals_and_further_ones_cost_a_statement(
    strict: OtherApp, monotonic: MovableMonotonicClock
) -> None:
    limits = ClientIpLimits(POLICY, LIMITS, monotonic, max_remembered_refusals=2)
    for number in range(4):
        for _ in range(3):
            await limits.spend("login", f"198.51.100.{number}")

    with recorded(strict.services.core.database.engine) as statements:
        assert [await remaining(limits, f"198.51.100.{number}") for number in range(4)] == [-1] * 4

    assert len(statements) == 2


async def test_full_memory_drops_refusals_whose_window_has_ended(
    strict: OtherApp, monotonic: MovableMonotonicClock
) -> None:
    limits = ClientIpLimits(POLICY, LIMITS, monotonic, max_remembered_refusals=2)
    for number in range(2):
        for _ in range(3):
            await limits.spend("login", f"198.51.100.{number}")
    monotonic.now += 100
    await age_counters(100)
    for _ in range(3):
        await limits.spend("login", "198.51.100.9")

    with recorded(strict.services.core.database.engine) as statements:
        assert await remaining(limits, "198.51.100.9") == -1

    assert statements == []
