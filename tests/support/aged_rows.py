"""Inserts rows of any age, as the clock of the database cannot be set."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.clock import utc_now
from auth_api.kit.uuid7 import uuid7
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.tables import UserRow


def ago(**span: float) -> datetime:
    return utc_now() - timedelta(**span)


async def add_user(name: str = "old") -> int:
    """Add a user and return the id."""
    row: dict[str, Any] = {"username": name, "email": f"{name}@example.com", "hashed_password": "!"}
    (added,) = await UserRow.insert(UserRow(**row, created_at=ago(days=900), updated_at=ago(days=900)))
    return int(added["id"])


async def add_session(user_id: int, *, absolute_end: datetime, days: float = 30) -> UUID:
    """Add a session with this absolute end that began the number of days before."""
    began_at = absolute_end - timedelta(days=days)
    identifier = uuid7(began_at)
    times: dict[str, Any] = {"created_at": began_at, "last_used_at": began_at, "auth_time": began_at}
    await SessionRow.insert(
        SessionRow(
            id=identifier,
            user_id=user_id,
            **times,
            expires_at=absolute_end,
            absolute_expires_at=absolute_end,
            amr="pwd",
        )
    )
    return identifier


async def add_refresh_tokens(user_id: int, session_id: UUID, *, end: datetime, count: int = 1) -> None:
    """Add refresh tokens with this end."""
    existing = await RefreshTokenRow.count()
    await RefreshTokenRow.insert(
        *(
            RefreshTokenRow(
                user_id=user_id,
                session_id=session_id,
                token_hash=f"hash-{existing + number}",
                expires_at=end,
                created_at=end - timedelta(days=7),
            )
            for number in range(count)
        )
    )


async def add_one_time_token(user_id: int, *, end: datetime, used: bool = False) -> None:
    """Add a mailed token with this end."""
    number = await OneTimeTokenRow.count()
    await OneTimeTokenRow.insert(
        OneTimeTokenRow(
            user_id=user_id,
            purpose="password_reset",
            token_hash=f"digest-of-a-mailed-token-{number}",
            expires_at=end,
            used_at=end if used else None,
            created_at=end - timedelta(minutes=30),
        )
    )


async def add_mail(
    user_id: int | None,
    *,
    address: str | None = None,
    sent_at: datetime | None = None,
    failed_at: datetime | None = None,
) -> None:
    """Add a mail: waiting, sent or failed."""
    created_at = (sent_at or failed_at or utc_now()) - timedelta(minutes=1)
    row: dict[str, Any] = {
        "sent_at": sent_at,
        "failed_at": failed_at,
        "created_at": created_at,
        "next_attempt_at": created_at,
    }
    await OutboxRow.insert(OutboxRow(template="password_reset", user_id=user_id, address=address, **row))


async def add_counter(key: str, *, expires_at: datetime) -> None:
    """Add a throttle counter with this end."""
    seconds = expires_at.timestamp()
    await ThrottleCounterRow.insert(
        ThrottleCounterRow(key=key, attempts=1, window_ends_at=seconds, blocked_until=0, expires_at=seconds)
    )


async def add_events(user_id: int | None, *, at: datetime, count: int = 1) -> None:
    """Add events to the security history."""
    await AuditLogRow.insert(
        *(
            AuditLogRow(user_id=user_id, action="login:succeeded", resource="account", details="{}", created_at=at)
            for _ in range(count)
        )
    )
