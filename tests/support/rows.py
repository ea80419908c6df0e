"""Reading, aging and deleting rows. Aging replaces waiting, as the clock of the database cannot be set."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from piccolo.engine.finder import engine_finder
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.piccolo_app import APP_CONFIG
from auth_api.roles.tables import RoleRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow

_TIMES: dict[Any, tuple[str, ...]] = {
    SessionRow: ("created_at", "last_used_at", "expires_at", "absolute_expires_at", "auth_time", "mfa_at"),
    RefreshTokenRow: ("created_at", "expires_at", "used_at"),
}


async def empty_all_tables() -> None:
    """Delete all rows in one transaction, in the reverse order of the registered tables because of foreign keys.

    The built-in roles stay: a migration inserted them.
    """
    engine: Any = engine_finder()
    async with engine.transaction():
        for table in reversed(APP_CONFIG.table_classes):
            if table is RoleRow:
                await RoleRow.delete().where(RoleRow.is_built_in.eq(False))
            else:
                await table.delete(force=True)


async def age_sessions(**by: float) -> None:
    """Make all sessions and refresh tokens older by the arguments of `timedelta`."""
    for table, columns in _TIMES.items():
        await _age(table, columns, timedelta(**by))


async def audit_actions(user_id: int | None = None) -> list[str]:
    """Return the actions of the security history, oldest first."""
    query = AuditLogRow.select(AuditLogRow.action).order_by(AuditLogRow.id)
    if user_id is not None:
        query = query.where(AuditLogRow.user_id == user_id)
    return [row["action"] for row in await query]


async def user_rows() -> list[dict[str, Any]]:
    """Return all users, oldest first."""
    return await UserRow.select().order_by(UserRow.id)


async def outbox_rows() -> list[dict[str, Any]]:
    """Return all mails, oldest first."""
    return await OutboxRow.select().order_by(OutboxRow.id)


async def age_mails(**by: float) -> None:
    """Make all mails older by the arguments of `timedelta`; their next attempts are due earlier."""
    await _age(OutboxRow, ("created_at", "next_attempt_at", "locked_until"), timedelta(**by))


async def make_mails_due() -> None:
    """Let all unsent mails be sent at once, without changing when they were stored."""
    due: dict[Any, Any] = {OutboxRow.next_attempt_at: OutboxRow.created_at, OutboxRow.locked_until: None}
    await OutboxRow.update(due, force=True)


async def age_one_time_tokens(**by: float) -> None:
    """Make all mailed tokens older by the arguments of `timedelta`."""
    await _age(OneTimeTokenRow, ("created_at", "expires_at", "used_at"), timedelta(**by))


async def _age(table: type[Table], columns: Sequence[str], by: timedelta) -> None:
    for row in await table.objects():
        values: dict[Any, Any] = {column: getattr(row, column) - by for column in columns if getattr(row, column)}
        primary_key = table._meta.primary_key  # noqa: SLF001 - it has no public name
        await table.update(values).where(primary_key == row.to_dict()["id"])
