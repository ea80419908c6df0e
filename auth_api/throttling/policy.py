"""Limits on requests and on failed logins; `auth-api limits` prints them."""

from typing import Annotated, ClassVar, Final

import msgspec

from auth_api.kit.setting import Setting

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
    """Failed logins that are free within a window; each further one blocks logins for a time that doubles.

    Attributes:
        free: failures without a wait.
        window_seconds: age at which failures are forgotten.
        renews: whether each failure starts the window again, so that its age counts from the last failure.
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
        addresses: limits per client IP address, by the name that routes refer to.
        mails_per_hour: mails of one kind to one e-mail address, whether a user has it or not.
        per_network: failed logins of one user from one network.
        per_account: failed logins of one user from all networks together, except those the user has used recently.
        requests_per_second: requests of any kind from one network, counted per process before the first query.
    """

    enabled: Annotated[
        bool,
        Setting("RATE_LIMIT_ENABLED", "Whether requests and failed logins are limited; `false` removes all limits."),
    ] = True
    addresses: dict[str, AddressLimit]
    mails_per_hour: int = 3
    per_network: AccountLimit = AccountLimit(free=5, window_seconds=DAY, renews=True)
    per_account: AccountLimit = AccountLimit(free=50, window_seconds=HOUR, renews=False)
    requests_per_second: int = 50


class LimitVariables(msgspec.Struct, frozen=True, kw_only=True):
    """Variables that `address_limits` computes the limits per client IP address from."""

    login_requests: Annotated[
        int, Setting("RATE_LIMIT_REQUESTS", "Logins that one client IP address may try per window.", minimum=1)
    ] = 5
    login_window_seconds: Annotated[
        int, Setting("RATE_LIMIT_WINDOW", "Window of `RATE_LIMIT_REQUESTS`.", minimum=1, unit="seconds")
    ] = 60
    factor: Annotated[
        int,
        Setting(
            "RATE_LIMIT_FACTOR",
            "Factor for all limits per client IP address; `auth-api limits` prints them.",
            minimum=1,
        ),
    ] = 1


def address_limits(variables: LimitVariables) -> dict[str, AddressLimit]:
    """Return the limits by name, each number of requests multiplied by the factor."""
    table = (
        ("login", variables.login_requests, variables.login_window_seconds),
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
            name=name, requests=requests * variables.factor, window_seconds=window, is_shared=name not in PER_PROCESS
        )
        for name, requests, window in table
    }
