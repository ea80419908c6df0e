"""The query that nearly every request makes: the session and its user."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import as_datetime
from auth_api.kit.db.raw_sql import fetch_rows
from auth_api.roles.granted import GRANTED, Granted
from auth_api.sessions.principal import GrantedPrincipal, Principal
from auth_api.sessions.tables import SessionRow
from auth_api.users.user import USER_COLUMNS, User

_COLUMNS: Final = f"{USER_COLUMNS}, auth_time, amr, mfa_at, session_id"

_LIVE: Final = (
    "FROM users JOIN "
    "(SELECT id AS session_id, user_id, auth_time, amr, mfa_at FROM sessions WHERE ended_at IS NULL) AS live "
    "ON user_id = users.id WHERE is_active"
)


_SELECT_PRINCIPAL: Final = f"SELECT {_COLUMNS} {_LIVE}"

_SELECT_GRANTED: Final = f"SELECT {_COLUMNS}, {GRANTED} AS granted, clock_timestamp() AS now {_LIVE}"


@circuit_breaker(service=SERVICE)
async def find_principal(session_id: UUID, user_id: int) -> Principal | None:
    """Return the principal of a session, or None if the session has ended or its user is disabled or deleted."""
    query = SessionRow.raw(
        f"{_SELECT_PRINCIPAL} AND session_id = {{}} AND user_id = {{}}",
        session_id,
        user_id,
    )
    rows = await fetch_rows(query)
    return to_principal(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def find_principals(session_ids: Sequence[UUID]) -> dict[UUID, Principal]:
    """Return the principals of several sessions, see `find_principal`. Only PostgreSQL accepts a list."""
    query = SessionRow.raw(
        f"{_SELECT_PRINCIPAL} AND session_id = ANY({{}})",
        list(session_ids),
    )
    return {row["session_id"]: to_principal(row) for row in await fetch_rows(query)}


@circuit_breaker(service=SERVICE)
async def find_granted(session_id: UUID, user_id: int) -> GrantedPrincipal | None:
    """Return the principal of a session with the roles of the user, see `find_principal`."""
    rows = await fetch_rows(
        SessionRow.raw(f"{_SELECT_GRANTED} AND session_id = {{}} AND user_id = {{}}", session_id, user_id)
    )
    return to_granted(rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def find_many_granted(session_ids: Sequence[UUID]) -> dict[UUID, GrantedPrincipal]:
    """Return several principals with the roles of their users, see `find_principals`."""
    rows = await fetch_rows(SessionRow.raw(f"{_SELECT_GRANTED} AND session_id = ANY({{}})", list(session_ids)))
    return {row["session_id"]: to_granted(row) for row in rows}


@circuit_breaker(service=SERVICE)
async def present_time() -> datetime:
    """Return the time of the database's clock, which dates all rows."""
    rows = await SessionRow.raw("SELECT clock_timestamp() AS now")
    return as_datetime(rows[0]["now"])


def to_principal(row: Mapping[str, Any]) -> Principal:
    """Return the principal of a row that has the columns of the user and of the session, and no others."""
    columns = dict(row)
    return Principal(
        session_id=columns.pop("session_id"),
        auth_time=columns.pop("auth_time"),
        amr=tuple(columns.pop("amr").split()),
        mfa_at=columns.pop("mfa_at"),
        user=User(**columns),
    )


def to_granted(row: Mapping[str, Any]) -> GrantedPrincipal:
    """Return the principal of a row that also has the roles of its user."""
    columns = dict(row)
    granted, now = Granted.parse(columns.pop("granted")), as_datetime(columns.pop("now"))
    return GrantedPrincipal(**msgspec.structs.asdict(to_principal(columns)), granted=granted, now=now)
