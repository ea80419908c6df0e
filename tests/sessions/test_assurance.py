"""Levels of assurance, over all orders of up to three methods."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from auth_api.sessions.assurance import Level, Method, assurance_level

pytestmark = pytest.mark.engine_independent

NOW = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)
MAX_AGE = timedelta(hours=24)
ORDERS = [order for length in (1, 2, 3) for order in permutations(Method, length)]
PASSKEYS = {Method.DEVICE_BOUND_PASSKEY, Method.SYNCED_PASSKEY}
CODES = {Method.TOTP, Method.RECOVERY_CODE}


def level_by_the_table(order: tuple[Method, ...]) -> Level:
    """The level of a session with a recent second factor, written as the table of the documentation is."""
    second_factors = [method for method in order if method in PASSKEYS | CODES]
    if not second_factors:
        return Level.AAL1
    if second_factors[-1] in PASSKEYS:
        return Level.PHR
    return Level.AAL2 if set(order) - CODES else Level.AAL1


@pytest.mark.parametrize("age", [timedelta(), MAX_AGE], ids=str)
def test_recent_second_factor_decides_the_level(age: timedelta) -> None:
    levels = {order: assurance_level(order, NOW - age, NOW, max_age=MAX_AGE) for order in ORDERS}

    assert levels == {order: level_by_the_table(order) for order in ORDERS}


@pytest.mark.parametrize("mfa_at", [None, NOW - MAX_AGE - timedelta(seconds=1)], ids=["none", "too old"])
def test_session_without_a_recent_second_factor_has_the_lowest_level(mfa_at: datetime | None) -> None:
    assert {assurance_level(order, mfa_at, NOW, max_age=MAX_AGE) for order in ORDERS} == {Level.AAL1}


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        (["pwd"], Level.AAL1),
        (["pwd", "otp"], Level.AAL2),
        (["fed", "recovery_code"], Level.AAL2),
        (["swk"], Level.PHR),
        (["hwk", "otp"], Level.AAL2),
        (["pwd", "otp", "hwk"], Level.PHR),
        (["hwk", "pwd"], Level.PHR),
        (["otp"], Level.AAL1),
        ([], Level.AAL1),
    ],
)
def test_level_of_common_sessions(amr: list[str], level: Level) -> None:
    assert assurance_level(amr, NOW, NOW, max_age=None) is level


def test_second_factor_counts_forever_without_a_limit() -> None:
    assert assurance_level(["pwd", "otp"], NOW - timedelta(days=999), NOW, max_age=None) is Level.AAL2


def test_higher_level_satisfies_a_lower_one() -> None:
    satisfied = {(have, need) for have in Level for need in Level if have.satisfies(need)}

    assert satisfied == {
        (Level.AAL1, Level.AAL1),
        (Level.AAL2, Level.AAL1),
        (Level.AAL2, Level.AAL2),
        (Level.PHR, Level.AAL1),
        (Level.PHR, Level.AAL2),
        (Level.PHR, Level.PHR),
    }
