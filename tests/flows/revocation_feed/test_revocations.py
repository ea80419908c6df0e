"""What the revocation feed contains: everything that a service needs to refuse, also what was committed late."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from auth_api.flows.revocation_feed.service import MAX_ENTRIES, RevocationFeed, next_second
from auth_api.kit.errors import ValidationException
from auth_api.kit.prometheus import registry
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.revoked_subjects.tables import RevokedSubjectRow
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.tables import SessionRow
from tests.support import aged_rows
from tests.support.aged_rows import ago

MANY_SESSIONS: Final = {
    "postgres": "INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, absolute_expires_at, amr, "
    "auth_time, ended_at) SELECT gen_random_uuid(), {}, {}, {}, {}, {}, 'pwd', {}, {} FROM generate_series(1, 100000)",
    "sqlite": "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT 100000) "
    "INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at, absolute_expires_at, amr, auth_time, "
    "ended_at) SELECT lower(hex(randomblob(16))), {}, {}, {}, {}, {}, 'pwd', {}, {} FROM numbers",
}


@pytest.fixture
def feed(services: Services) -> RevocationFeed:
    return services.of(RevocationFeed)


async def add_ended(user_id: int, at: datetime) -> UUID:
    session_id = await aged_rows.add_session(user_id, absolute_end=ago(days=-20))
    ended: dict[Any, Any] = {SessionRow.ended_at: at}
    await SessionRow.update(ended).where(SessionRow.id == session_id)
    return session_id


async def test_feed_begins_a_token_lifetime_and_an_overlap_ago(feed: RevocationFeed) -> None:
    owner = await aged_rows.add_user()
    await add_ended(owner, ago(minutes=1) - feed.window)
    old = await add_ended(owner, ago(minutes=-1) - feed.window)
    recent = await add_ended(owner, ago(minutes=10))
    await RevokedSubjectRow.insert(
        RevokedSubjectRow(user_id=7, issued_before=ago(minutes=-1) - feed.window),
        RevokedSubjectRow(user_id=8, issued_before=ago(minutes=1) - feed.window),
    )

    found = await feed.read(None)

    assert (found.sessions, [each.user_id for each in found.subjects]) == ([recent, old], [7])
    assert found.all_issued_before is None
    assert found.as_of > ago(minutes=1)


async def test_feed_since_a_time_begins_an_overlap_earlier(feed: RevocationFeed) -> None:
    owner, since = await aged_rows.add_user(), ago(minutes=15)
    await add_ended(owner, since - feed.overlap - timedelta(seconds=1))
    late = await add_ended(owner, since - feed.overlap + timedelta(seconds=1))

    assert (await feed.read(since)).sessions == [late]
    assert (await feed.read(datetime.min.replace(tzinfo=UTC))).sessions == (await feed.read(None)).sessions
    with pytest.raises(ValidationException) as refused:
        await feed.read(ago(minutes=-1))
    assert [(error.field, error.code) for error in refused.value.errors] == [("since", "range")]


async def test_session_that_is_committed_after_a_poll_is_in_the_next_one(
    services: Services, feed: RevocationFeed
) -> None:
    owner = await aged_rows.add_user()
    session_id = await aged_rows.add_session(owner, absolute_end=ago(days=-20))
    is_ended, may_commit = asyncio.Event(), asyncio.Event()

    async def end_slowly() -> None:
        await services.core.sessions.end_all(owner, reason=AccessEvent.LOGGED_OUT_EVERYWHERE)
        await RevokedSubjects().mark_revoked(owner)
        is_ended.set()
        await may_commit.wait()

    ending = asyncio.create_task(services.core.database.transaction(end_slowly))
    await is_ended.wait()
    before = await feed.read(None)
    may_commit.set()
    await ending
    after = await feed.read(before.as_of)

    assert (before.sessions, before.subjects) == ([], [])
    assert (after.sessions, [each.user_id for each in after.subjects]) == ([session_id], [owner])
    assert after.subjects[0].issued_before < before.as_of


async def test_more_revocations_than_fit_refuse_all_older_tokens(feed: RevocationFeed, engine: str) -> None:
    """100,000 sessions end at once, as by `auth-api sessions revoke --all`."""
    owner, at = await aged_rows.add_user(), ago(minutes=5)
    await SessionRow.raw(MANY_SESSIONS[engine], owner, at, at, at, at, at, at)
    newest = await add_ended(owner, at + timedelta(minutes=1))
    await RevokedSubjectRow.insert(RevokedSubjectRow(user_id=7, issued_before=at + timedelta(minutes=2)))

    found = await feed.read(None)

    assert len(found.sessions) + len(found.subjects) == MAX_ENTRIES
    assert (found.sessions[0], found.subjects[0].user_id) == (newest, 7)
    assert found.all_issued_before == next_second(at) > at

    await SessionRow.raw("DELETE FROM sessions WHERE id NOT IN (SELECT id FROM sessions LIMIT 4999)")
    assert (await feed.read(None)).all_issued_before is None


def test_time_is_rounded_up_to_the_next_whole_second() -> None:
    whole = datetime(2026, 2, 19, 10, 30, 10, tzinfo=UTC)

    assert next_second(whole) == whole + timedelta(seconds=1)
    assert next_second(whole + timedelta(milliseconds=999)) == whole + timedelta(seconds=1)


async def test_responses_are_counted_by_kind(feed: RevocationFeed) -> None:
    def counted(kind: str) -> float:
        labels = {"kind": kind, "truncated": "false"}
        return registry.get_sample_value("auth_api_revocation_feed_total", labels) or 0.0

    before = {kind: counted(kind) for kind in ("full", "since")}

    await feed.read(None)
    await feed.read(ago(minutes=1))
    await feed.read(ago(minutes=1))

    assert {kind: counted(kind) - number for kind, number in before.items()} == {"full": 1, "since": 2}
