"""Whom a process has refused, it refuses again without asking the database, until the window ends."""

import pytest

from auth_api.throttling import client_ip_limits
from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.throttling.policy import ClientIpLimit, ThrottlingPolicy
from tests.conftest import OtherApp
from tests.support.counters import age_counters
from tests.support.statements import recorded

POLICY = ThrottlingPolicy(
    enabled=True,
    client_ip_limits={name: ClientIpLimit(name=name, requests=2, window_seconds=100) for name in ("login", "register")},
)
ADDRESS = "198.51.100.1"


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def limits(strict: OtherApp, seconds: Seconds) -> ClientIpLimits:
    return ClientIpLimits(POLICY, seconds)


async def left(limits: ClientIpLimits, address: str | None = ADDRESS, name: str = "login") -> int:
    """Spend one request and return how many are left; -1 for a refusal."""
    budget = await limits.spend(name, address)
    assert budget is not None
    return -1 if budget.is_exceeded else budget.limit.requests - budget.used


async def test_a_refusal_is_remembered_to_the_end_of_the_window_and_not_longer(
    strict: OtherApp, limits: ClientIpLimits, seconds: Seconds
) -> None:
    assert [await left(limits) for _ in range(3)] == [1, 0, -1]

    seconds.now += 99
    with recorded(strict.services.database.engine) as statements:
        assert await left(limits) == -1
    assert statements == []

    seconds.now += 1
    await age_counters(100)
    assert await left(limits) == 1


async def test_the_remembered_refusal_tells_how_long_it_lasts(limits: ClientIpLimits, seconds: Seconds) -> None:
    for _ in range(3):
        await limits.spend("login", ADDRESS)

    seconds.now += 40
    budget = await limits.spend("login", ADDRESS)

    assert budget is not None
    assert 55 < budget.resets_in <= 60


async def test_a_refusal_is_remembered_for_its_kind_and_address_alone(limits: ClientIpLimits) -> None:
    for _ in range(3):
        await limits.spend("login", ADDRESS)

    assert await left(limits, name="register") == 1
    assert await left(limits, "198.51.100.2") == 1


async def test_callers_without_an_address_share_one_budget(limits: ClientIpLimits) -> None:
    assert [await left(limits, None) for _ in range(3)] == [1, 0, -1]


async def test_another_process_asks_the_database_and_refuses_too(limits: ClientIpLimits) -> None:
    for _ in range(2):
        await limits.spend("login", ADDRESS)

    assert await left(ClientIpLimits(POLICY)) == -1


async def test_a_full_memory_forgets_nobody_who_is_still_refused_and_stays_exact(
    strict: OtherApp, limits: ClientIpLimits, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_ip_limits, "MAX_REMEMBERED_REFUSALS", 2)
    for number in range(4):
        for _ in range(3):
            await limits.spend("login", f"198.51.100.{number}")

    with recorded(strict.services.database.engine) as statements:
        assert [await left(limits, f"198.51.100.{number}") for number in range(4)] == [-1] * 4

    assert len(statements) == 2


async def test_a_full_memory_makes_room_when_windows_have_ended(
    strict: OtherApp, limits: ClientIpLimits, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_ip_limits, "MAX_REMEMBERED_REFUSALS", 2)
    for number in range(2):
        for _ in range(3):
            await limits.spend("login", f"198.51.100.{number}")
    seconds.now += 100
    await age_counters(100)
    for _ in range(3):
        await limits.spend("login", "198.51.100.9")

    with recorded(strict.services.database.engine) as statements:
        assert await left(limits, "198.51.100.9") == -1

    assert statements == []
