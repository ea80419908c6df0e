"""The limit on wrong user codes."""

import pytest

from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.throttling.user_code_limit import UserCodeLimit
from tests.support.clock import MovableMonotonicClock


async def test_wrong_user_codes_count_per_user_and_per_network(
    db_session: None, limit_clock: MovableMonotonicClock
) -> None:
    limit = UserCodeLimit(ThrottlingPolicy())
    for _ in range(20):
        await limit.admit(1, "203.0.113.1")
        await limit.undo(1, "203.0.113.1")  # a right code does not count
    for number in range(10):
        await limit.admit(1, f"203.0.113.{number}")
        await limit.admit(10 + number, "198.51.100.1")

    with pytest.raises(TooManyAttemptsException) as refused:
        await limit.admit(1, "203.0.113.99")
    assert 0 < refused.value.retry_after <= 300
    with pytest.raises(TooManyAttemptsException):
        await limit.admit(99, "198.51.100.1")
    await limit.admit(2, "203.0.113.98")


async def test_wrong_user_codes_are_not_limited_if_limits_are_off(db_session: None) -> None:
    limit = UserCodeLimit(ThrottlingPolicy(enabled=False))

    for _ in range(11):
        await limit.admit(1, "203.0.113.1")
