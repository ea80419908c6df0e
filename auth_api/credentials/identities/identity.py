"""Identities as services pass them on."""

from datetime import datetime

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a provider that is linked to a user.

    Attributes:
        id: its number.
        user_id: the user.
        provider: the id of the provider.
        email: the e-mail address that the provider stated last; None if it stated none.
        linked_at: the time when it was linked.
        last_used_at: the time of the last login with it, at first that of the link.
    """

    id: int
    user_id: int
    provider: str
    email: str | None
    linked_at: datetime
    last_used_at: datetime
