"""What the export of a user's data contains about wrong passwords and wrong second factors."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339
from auth_api.throttling.account_throttle import AccountThrottle, AttemptKeys
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "wrong_passwords": [{"network": "203.0.113.7", "count": 1, "blocked_until": None}],
    "wrong_second_factors": [],
}


class WrongAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """Wrong passwords or wrong codes that still count."""

    network: Annotated[str | None, msgspec.Meta(description="Network of the attempts; null for all networks together.")]
    count: int
    blocked_until: Annotated[
        Timestamp | None, msgspec.Meta(description="Time until which further attempts are refused.")
    ]


class WrongAttemptsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong passwords and second factors that the throttle counts against the user."""

    wrong_passwords: list[WrongAttempts]
    wrong_second_factors: list[WrongAttempts]


async def export_wrong_attempts(throttle: AccountThrottle, user_id: int) -> WrongAttemptsExport:
    """Return the failed attempts by network."""
    return WrongAttemptsExport(
        wrong_passwords=await _wrong_attempts(throttle, throttle.keys(user_id=user_id, identifier="", client_ip=None)),
        wrong_second_factors=await _wrong_attempts(throttle, throttle.second_factor_keys(user_id, client_ip=None)),
    )


async def _wrong_attempts(throttle: AccountThrottle, keys: AttemptKeys) -> list[WrongAttempts]:
    return [
        WrongAttempts(
            network=counted.network, count=counted.count, blocked_until=optional_rfc3339(counted.blocked_until)
        )
        for counted in await throttle.failures(keys)
    ]
