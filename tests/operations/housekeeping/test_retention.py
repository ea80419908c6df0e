"""Retention: which rows housekeeping removes, and when."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.db.database import Database
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.operations.housekeeping import service
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.used_values.service import UsedValues
from auth_api.used_values.tables import UsedValueRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import aged_rows
from tests.support.aged_rows import ago
from tests.support.rows import age_sessions


def without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


async def expired_refresh_token(owner: int, end: datetime) -> None:
    session = await aged_rows.add_session(owner, absolute_end=ago(days=-1))
    await aged_rows.add_refresh_tokens(owner, session, end=end)


async def expired_session(owner: int, end: datetime) -> None:
    await aged_rows.add_session(owner, absolute_end=end)


async def unused_one_time_token(owner: int, end: datetime) -> None:
    await aged_rows.add_one_time_token(owner, end=end)


async def used_one_time_token(owner: int, end: datetime) -> None:
    await aged_rows.add_one_time_token(owner, end=end, used=True)


async def throttle_counter(_: int, end: datetime) -> None:
    await aged_rows.add_counter("attempts:id:1:203.0.113.7", expires_at=end)


async def used_value(_: int, end: datetime) -> None:
    await UsedValues().claim("challenge", "x", end)


async def expired_invitation(_: int, end: datetime) -> None:
    row: dict[str, Any] = {"created_at": end, "expires_at": end, "email": "grace@example.com", "invited_by": "cli"}
    await InvitationRow.insert(InvitationRow(**row, roles="", mails=1))


async def revoked_subject(owner: int, end: datetime) -> None:
    await RevokedSubjectRow.insert(RevokedSubjectRow(user_id=owner, issued_before=end))


async def sent_mail(owner: int, end: datetime) -> None:
    await aged_rows.add_mail(owner, sent_at=end)


async def failed_mail(owner: int, end: datetime) -> None:
    await aged_rows.add_mail(owner, failed_at=end)


async def audit_event(owner: int, end: datetime) -> None:
    await aged_rows.add_events(owner, at=end)


KINDS: list[tuple[Callable[[int, datetime], Awaitable[None]], str, type[Table], timedelta]] = [
    (expired_refresh_token, "refresh_tokens", RefreshTokenRow, timedelta(days=1)),
    (expired_session, "sessions", SessionRow, timedelta(days=1)),
    (unused_one_time_token, "one_time_tokens", OneTimeTokenRow, timedelta(days=1)),
    (used_one_time_token, "one_time_tokens", OneTimeTokenRow, timedelta(days=1)),
    (throttle_counter, "throttle_counters", ThrottleCounterRow, timedelta(0)),
    (used_value, "used_values", UsedValueRow, timedelta(days=1)),
    (expired_invitation, "invitations", InvitationRow, timedelta(days=90)),
    (revoked_subject, "revoked_subjects", RevokedSubjectRow, timedelta(days=2)),
    (sent_mail, "sent_mails", OutboxRow, timedelta(days=7)),
    (failed_mail, "failed_mails", OutboxRow, timedelta(days=30)),
    (audit_event, "audit_events", AuditLogRow, timedelta(days=365)),
]


@pytest.mark.parametrize(("add", "name", "table", "kept"), KINDS, ids=[kind[0].__name__ for kind in KINDS])
async def test_row_is_removed_when_its_retention_ends_and_not_a_minute_earlier(
    services: Services,
    add: Callable[[int, datetime], Awaitable[None]],
    name: str,
    table: type[Table],
    kept: timedelta,
) -> None:
    housekeeping, owner = services.of(HousekeepingService), await aged_rows.add_user()
    await add(owner, ago(minutes=-1) - kept)

    assert without_zeros(await housekeeping.backlog()) == {}
    assert without_zeros((await housekeeping.clean_up()).removed) == {}
    assert await table.count() == 1

    await table.delete(force=True)
    await add(owner, ago(minutes=1) - kept)

    assert without_zeros(await housekeeping.backlog()) == {name: 1}
    assert without_zeros((await housekeeping.clean_up()).removed) == {name: 1}
    assert await table.count() == 0


async def test_users_and_waiting_mails_are_never_removed(services: Services) -> None:
    owner = await aged_rows.add_user()
    await aged_rows.add_mail(owner)

    await services.of(HousekeepingService).clean_up()

    assert [await UserRow.count(), await OutboxRow.count()] == [1, 1]


async def test_active_session_and_its_tokens_stay(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    await ada.refresh()

    await services.of(HousekeepingService).clean_up()

    assert (await ada.refresh()).status == 200
    assert await RefreshTokenRow.count() == 3


async def test_session_that_ended_early_stays_until_its_absolute_end(
    user_factory: UserFactory, services: Services
) -> None:
    """Its network is still one that its user has used recently."""
    ada = await user_factory()
    await ada.log_out()
    await age_sessions(days=29)

    await services.of(HousekeepingService).clean_up()

    assert await SessionRow.count() == 1


async def test_short_session_stays_as_long_as_its_network_is_known(app_with: OtherAppFactory) -> None:
    async with app_with(SESSION_ABSOLUTE_DAYS="1", REFRESH_TOKEN_EXPIRE_DAYS="1") as app:
        owner = await aged_rows.add_user()
        known = await aged_rows.add_session(owner, absolute_end=ago(days=29), days=1)
        await aged_rows.add_session(owner, absolute_end=ago(days=31), days=1)

        report = await app.services.of(HousekeepingService).clean_up()

    assert report.removed["sessions"] == 1
    assert await SessionRow.select(SessionRow.id).output(as_list=True) == [known]


async def test_retention_of_zero_days_keeps_audit_events_forever(app_with: OtherAppFactory) -> None:
    async with app_with(AUDIT_RETENTION_DAYS="0") as app:
        await aged_rows.add_events(None, at=ago(days=9000))

        report = await app.services.of(HousekeepingService).clean_up()

    assert "audit_events" not in report.removed
    assert await AuditLogRow.count() == 1


async def test_audit_events_are_removed_after_the_configured_days(app_with: OtherAppFactory) -> None:
    async with app_with(AUDIT_RETENTION_DAYS="30") as app:
        for days in (29, 31):
            await aged_rows.add_events(None, at=ago(days=days))

        report = await app.services.of(HousekeepingService).clean_up()

    assert report.removed["audit_events"] == 1
    assert await AuditLogRow.count() == 1


async def test_many_rows_are_removed_in_small_transactions(services: Services, engine: str) -> None:
    """Also if the statistics of PostgreSQL know only one row: a subquery would then run once per row.

    SQLite keeps statistics until they are removed, so other tests would get other plans: there, none are made.
    """
    owner = await aged_rows.add_user()
    session = await aged_rows.add_session(owner, absolute_end=ago(days=2))
    await aged_rows.add_refresh_tokens(owner, session, end=ago(days=2), count=1)
    if engine == "postgres":
        await UserRow.raw("ANALYZE refresh_tokens")
    await aged_rows.add_refresh_tokens(owner, session, end=ago(days=2), count=6)
    batches = []
    transaction = Database.transaction

    async def counted(self: Database, work: Callable[[], Awaitable[int]]) -> int:
        batches.append(await transaction(self, work))
        return batches[-1]

    with patch.object(service, "MAX_REMOVAL_BATCH", 3), patch.object(Database, "transaction", counted):
        report = await services.of(HousekeepingService).clean_up()

    assert without_zeros(report.removed) == {"refresh_tokens": 7, "sessions": 1}
    assert [size for size in batches if size] == [3, 3, 1, 1]


async def test_backlog_count_stops_at_its_limit(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(days=400), count=5)

    with patch.object(service, "MAX_COUNTED_ROWS", 3):
        assert (await services.of(HousekeepingService).backlog())["audit_events"] == 3


async def test_counter_that_expires_later_stays(services: Services) -> None:
    await aged_rows.add_counter("address:login:203.0.113.7", expires_at=ago(minutes=5))
    await aged_rows.add_counter("address:login:203.0.113.8", expires_at=ago(minutes=-5))

    await services.of(HousekeepingService).clean_up()

    assert await ThrottleCounterRow.select(ThrottleCounterRow.key).output(as_list=True) == ["address:login:203.0.113.8"]
