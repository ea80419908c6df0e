"""Grants of applications, for tests that do not need an authorization."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from auth_api.kit.clock import utc_now
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.grants.grant import NewGrant
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.sessions.tables import SessionRow

_TIMES = ("created_at", "last_used_at", "expires_at", "spent_at")


async def new_grant(client_row_id: int, **fields: Any) -> NewGrant:
    """Return a grant for the newest session."""
    session = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
    assert session is not None
    values: dict[str, Any] = {
        "id": uuid7(utc_now()),
        "client_row_id": client_row_id,
        "user_id": session["user_id"],
        "session_id": session["id"],
        "is_offline": True,
        "scopes": ("openid", "offline_access"),
        "resources": (),
        "has_refresh_token": True,
    }
    return NewGrant(**{**values, **fields})


async def age_grants(**by: float) -> None:
    """Make all grants older by the arguments of `timedelta`."""
    for row in await OAuthGrantRow.select():
        older: dict[Any, Any] = {name: row[name] - timedelta(**by) for name in _TIMES if row[name] is not None}
        await OAuthGrantRow.update(older).where(OAuthGrantRow.id == row["id"])


async def ended_grants() -> dict[UUID, str]:
    """Return the reasons of the grants that have ended."""
    rows = await OAuthGrantRow.select().where(OAuthGrantRow.ended_at.is_not_null())
    return {row["id"]: row["ended_reason"] for row in rows}
