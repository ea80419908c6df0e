"""What the export of a user's data contains about wrong passwords."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.users.schemas import Timestamp

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "wrong_passwords": [{"network": "203.0.113.7", "count": 1, "blocked_until": None}]
}


class WrongPasswords(msgspec.Struct, frozen=True, kw_only=True):
    """Wrong passwords that still count."""

    network: Annotated[str | None, msgspec.Meta(description="Network of the attempts; null for all networks together.")]
    count: int
    blocked_until: Annotated[
        Timestamp | None, msgspec.Meta(description="Time until which further attempts are refused.")
    ]


class WrongPasswordsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong passwords that the throttle counts against the user."""

    wrong_passwords: list[WrongPasswords]


async def export_wrong_passwords(throttle: AccountThrottle, user_id: int) -> WrongPasswordsExport:
    """Return the failed attempts by network."""
    keys = throttle.keys(user_id=user_id, identifier="", client_ip=None)
    return WrongPasswordsExport(
        wrong_passwords=[
            WrongPasswords(
                network=counted.network, count=counted.count, blocked_until=optional_rfc3339(counted.blocked_until)
            )
            for counted in await throttle.failures(keys)
        ]
    )
