"""Authenticator apps as services pass them on."""

from datetime import datetime

import msgspec


class TotpFactor(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticator app of a user.

    Attributes:
        sealed: the encrypted seed.
        confirmed_at: the time of the confirmation by a code.
        last_used_at: the time of the last use; None until the first one after the confirmation.
    """

    sealed: str
    confirmed_at: datetime
    last_used_at: datetime | None

    def __repr__(self) -> str:
        """Return a text without the seed."""
        return f"TotpFactor({self.confirmed_at})"
