"""Limits on requests and on failed logins; `auth-api limits` prints them."""

from typing import Annotated, ClassVar, Final

import msgspec

from auth_api.kit.setting import Setting

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

REQUESTS_PER_SECOND: Final = 50


class ClientIpLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one kind that one IP address may send per window, successful ones included.

    The manifest of a package (`feature.py`) declares the limits of its routes.

    Attributes:
        name: name of the kind, which routes refer to.
        requests: number of requests per window.
        window_seconds: length of the window.
        is_shared: whether the database counts over all processes, in windows that begin with a first request. If
            false, each worker process counts in its memory, and used requests refill evenly during the window.
        is_per_caller: whether the authenticated caller counts, wherever the requests come from.
    """

    name: str
    requests: int
    window_seconds: int
    is_shared: bool = True
    is_per_caller: bool = False


class FailedAttemptLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Failed logins without a wait within a window; each further one blocks logins for a time that doubles.

    Attributes:
        free: failures without a wait.
        window_seconds: age at which failures no longer count.
        renews: whether each failure restarts the window, so that it ends `window_seconds` after the last failure.
    """

    free: int
    window_seconds: int
    renews: bool

    first_wait_seconds: ClassVar[int] = 30
    doublings: ClassVar[int] = 5
    longest_wait_seconds: ClassVar[int] = 15 * MINUTE


class ThrottlingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that belong to no single route, and the variables that change the others.

    Attributes:
        mails_per_network: mails of one kind per hour that requests from one network send to one e-mail address, whether
            a user has it or not.
        mails_per_recipient: the same from all networks together.
        mails_by_user: mails per hour that a user sends to e-mail addresses of their choice.
        mails_by_administrator: mails per hour that an administrator or a service account sends to others.
        mails_by_administrators_to_user: mails per hour that all of them together send to one user.
        invitations_per_recipient: invitations per hour to one e-mail address.
        api_keys_by_user: API keys per hour that a user creates.
        wrong_user_codes: wrong codes of devices that a user enters per 5 minutes, and that one network sends.
        per_network: failed logins of one user from one network.
        per_account: failed logins of one user from all networks together. A block does not apply to networks that the
            user has used recently.
    """

    enabled: Annotated[
        bool,
        Setting("RATE_LIMIT_ENABLED", "Whether requests and failed logins are limited; `false` removes all limits."),
    ] = True
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
    mails_per_network: int = 3
    mails_per_recipient: int = 10
    mails_by_user: int = 3
    api_keys_by_user: int = 20
    mails_by_administrator: int = 200
    mails_by_administrators_to_user: int = 10
    invitations_per_recipient: int = 3
    wrong_user_codes: int = 10
    per_network: FailedAttemptLimit = FailedAttemptLimit(free=5, window_seconds=DAY, renews=True)
    per_account: FailedAttemptLimit = FailedAttemptLimit(free=50, window_seconds=HOUR, renews=False)

    @property
    def requests_per_second(self) -> int:
        """Requests of any kind from one network, counted per process before the first query."""
        return REQUESTS_PER_SECOND * self.factor

    def scaled(self, limit: ClientIpLimit) -> ClientIpLimit:
        """Return a limit with its number of requests multiplied by the factor."""
        return msgspec.structs.replace(limit, requests=limit.requests * self.factor)
