"""Who asks."""

from datetime import datetime
from uuid import UUID

import msgspec

from auth_api.users.account import Account


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An account behind a live session."""

    account: Account
    session_id: UUID
    auth_time: datetime

    @property
    def id(self) -> int:
        """The account's id."""
        return self.account.id
