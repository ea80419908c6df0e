"""How much is allowed. `auth-api limits` prints it."""

from typing import ClassVar, Final

import msgspec

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

PER_PROCESS: Final = {"refresh"}
"""Limits that need not be exact: a refresh token has 256 bits, so nothing is gained by guessing faster."""


class AddressLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one kind that one IP address may send per window, successful ones included.

    Attributes:
        name: of the kind; routes refer to it.
        requests: how many.
        window_seconds: within how many seconds.
        is_shared: counted in the database, over all worker processes, from the first request to the window's end. If
            false, each worker process counts in its memory, and what is used comes back evenly during the window.
    """

    name: str
    requests: int
    window_seconds: int
    is_shared: bool = True


class AccountLimit(msgspec.Struct, frozen=True, kw_only=True):
    """So many failures are free within the window; after that each one costs a wait that doubles.

    With `renews`, each failure begins the window anew: they are forgotten that long after the last one.
    """

    free: int
    window_seconds: int
    renews: bool

    first_wait_seconds: ClassVar[int] = 30
    doublings: ClassVar[int] = 5
    longest_wait_seconds: ClassVar[int] = 15 * MINUTE


class ThrottlingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """All limits.

    Attributes:
        enabled: False switches all of them off.
        addresses: by name; routes refer to it.
        mails_per_hour: of one kind to one address, whether an account has it or not.
        per_network: failures at one account from one network; forgotten a day after the last one.
        per_account: failures at one account from everywhere, but from networks its owner has used lately.
        requests_per_second: of any kind from one network; counted per process, in front of all that costs a query.
    """

    enabled: bool
    addresses: dict[str, AddressLimit]
    mails_per_hour: int = 3
    per_network: AccountLimit = AccountLimit(free=5, window_seconds=DAY, renews=True)
    per_account: AccountLimit = AccountLimit(free=50, window_seconds=HOUR, renews=False)
    requests_per_second: int = 50


def address_limits(*, login_requests: int, login_window: int, factor: int) -> dict[str, AddressLimit]:
    """Return the limits of the contract, every number of requests multiplied by the factor."""
    table = (
        ("login", login_requests, login_window),
        ("register", 20, HOUR),
        ("refresh", 150, 5 * MINUTE),
        ("rename", 20, HOUR),
        ("email_change", 20, HOUR),
        ("export", 10, HOUR),
        ("forgot", 20, HOUR),
        ("resend", 20, HOUR),
        ("mailed_token", 20, MINUTE),
    )
    return {
        name: AddressLimit(
            name=name, requests=requests * factor, window_seconds=window, is_shared=name not in PER_PROCESS
        )
        for name, requests, window in table
    }
