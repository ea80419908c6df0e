"""The account as services pass it around."""

from datetime import datetime

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about an account but its password. Times are aware and in UTC."""

    id: int
    username: str
    email: str
    is_active: bool
    email_verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    last_login: datetime | None


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """An account with what proves its owner. Stays inside the services."""

    account: Account
    hashed_password: str

    def __repr__(self) -> str:
        """Leave the hash out."""
        return f"Credentials({self.account.id})"
