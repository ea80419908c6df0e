"""What a flow has verified about the identity of a user."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec

from auth_api.users.user import User

AMR_PASSWORD: Final = "pwd"  # noqa: S105 - RFC 8176: proved by a password


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof of identity that holds until the end of the current transaction.

    Attributes:
        user: the user, read from the row that the transaction has locked by a change. A flow whose proof includes the
            mailbox of the user marks the e-mail address as verified in this row.
        methods: how the identity was proved (RFC 8176), in the order of time.
        has_administrative_role: whether a role of the user has an administrative permission, read with the same row.
        auth_time: time of the proof by the database's clock.
        opened_at: the present time by the same clock, if the identity was proved earlier: to a provider, or to another
            session; None if it has just been proved.
        mfa_at: time of the last proof by a second factor; None if there was none.
        identity_id: the identity that proved the first factor; None if there was none.
        provider: its provider, for the security history.
        is_signed_in: whether the new session replaces one of the user. It stays usable if the server has begun to
            require verified e-mail addresses in the meantime.
    """

    user: User
    methods: tuple[str, ...]
    has_administrative_role: bool
    auth_time: datetime
    opened_at: datetime | None = None
    mfa_at: datetime | None = None
    identity_id: int | None = None
    provider: str | None = None
    is_signed_in: bool = False


def methods_after(method: str, earlier: tuple[str, ...]) -> tuple[str, ...]:
    """Return the methods of a session in the order of their last use, after one of them was used (again)."""
    return (*(each for each in earlier if each != method), method)


Claim = Callable[[], Awaitable[Proof]]
"""Locks the row of the user inside the transaction, and uses up what proves an identity only once.

It raises the `AuthException` of a wrong proof if the user was deleted, or if the proof no longer holds.
"""
