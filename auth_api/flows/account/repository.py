"""Looks at what is kept of mails and mailed tokens, for their owner to see."""

from datetime import datetime

import msgspec

from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.one_time_tokens.tables import OneTimeTokenRow


class KeptToken(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed token, without the token."""

    purpose: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class KeptMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, without its text. Without an address it goes to the account's."""

    template: str
    address: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    failed_at: datetime | None


@circuit_breaker(service=SERVICE)
async def one_time_tokens(user_id: int, *, limit: int) -> list[KeptToken]:
    """Return the mailed tokens of an account, newest first."""
    rows = await OneTimeTokenRow.raw(
        "SELECT purpose, created_at, expires_at, used_at FROM one_time_tokens "
        "WHERE user_id = {} ORDER BY id DESC LIMIT {}",
        user_id,
        limit,
    )
    return [KeptToken(**row) for row in rows]


@circuit_breaker(service=SERVICE)
async def mails(user_id: int, *, address: str, limit: int) -> list[KeptMail]:
    """Return the mails of an account, sent or not, newest first; also those to its address that name no account."""
    rows = await OutboxRow.raw(
        "SELECT template, address, attempts, created_at, sent_at, failed_at FROM outbox "
        "WHERE user_id = {} OR (user_id IS NULL AND address = {}) ORDER BY id DESC LIMIT {}",
        user_id,
        address,
        limit,
    )
    return [KeptMail(**row) for row in rows]
