"""Constraints that the database itself enforces."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.db.violations import UNIQUE_VIOLATIONS
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users import repository
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import PASSWORD
from tests.support.rows import user_rows

NOW = datetime(2026, 2, 19, 10, 30, 45, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def make_user(**fields: Any) -> int:
    given = {"username": "ada", "email": "ada@example.com", "hashed_password": "!", **fields}
    user = UserRow(**given, is_active=True, created_at=NOW, updated_at=NOW)
    await user.save()
    return int(user.id)


async def make_session(user_id: int) -> SessionRow:
    session = SessionRow(
        id=uuid4(),
        user_id=user_id,
        created_at=NOW,
        last_used_at=NOW,
        auth_time=NOW,
        expires_at=LATER,
        absolute_expires_at=LATER,
        amr="pwd",
    )
    await session.save()
    return session


async def make_refresh_token(user_id: int, session: SessionRow, token_hash: str) -> None:
    await RefreshTokenRow(
        user_id=user_id, session_id=session.id, token_hash=token_hash, expires_at=LATER, created_at=NOW
    ).save()


async def make_one_time_token(user_id: int, token_hash: str) -> None:
    await OneTimeTokenRow(
        user_id=user_id, purpose="reset", token_hash=token_hash, expires_at=LATER, created_at=NOW
    ).save()


async def make_dependent_rows(user_id: int) -> None:
    """Add a row of the user to every table with a foreign key to users."""
    await make_refresh_token(user_id, await make_session(user_id), "first")
    await make_one_time_token(user_id, "first")
    await OutboxRow(template="welcome", user_id=user_id, next_attempt_at=NOW, created_at=NOW).save()
    await AuditLogRow(user_id=user_id, action="account:registered", resource="account", created_at=NOW).save()


async def count(table: type[Table]) -> int:
    return int(await table.count())


@pytest.mark.parametrize("table", [SessionRow, RefreshTokenRow, OneTimeTokenRow, OutboxRow])
async def test_dependent_rows_are_deleted_with_their_user(db_session: None, table: type[Table]) -> None:
    user_id = await make_user()
    await make_dependent_rows(user_id)
    assert await count(table) == 1

    await UserRow.delete().where(UserRow.id == user_id)

    assert await count(table) == 0


async def test_audit_events_of_a_deleted_user_stay_without_user_id(db_session: None) -> None:
    user_id = await make_user()
    await make_dependent_rows(user_id)

    await UserRow.delete().where(UserRow.id == user_id)

    assert await AuditLogRow.select(AuditLogRow.user_id, AuditLogRow.action) == [
        {"user_id": None, "action": "account:registered"}
    ]


async def test_rows_of_other_users_are_not_deleted(db_session: None) -> None:
    ada, eve = await make_user(), await make_user(username="eve", email="eve@example.com")
    await make_dependent_rows(eve)

    await UserRow.delete().where(UserRow.id == ada)

    tables = (SessionRow, RefreshTokenRow, OneTimeTokenRow, OutboxRow, AuditLogRow)
    assert [await count(table) for table in tables] == [1, 1, 1, 1, 1]


async def test_refresh_tokens_are_deleted_with_their_session(db_session: None) -> None:
    user_id = await make_user()
    session = await make_session(user_id)
    await make_refresh_token(user_id, session, "first")

    await SessionRow.delete().where(SessionRow.id == session.id)

    assert await count(RefreshTokenRow) == 0


async def test_row_without_an_existing_user_is_rejected(db_session: None) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await make_session(4711)


@pytest.mark.parametrize("fields", [{"username": "eve"}, {"email": "eve@example.com"}])
async def test_username_and_email_are_unique(db_session: None, fields: dict[str, str]) -> None:
    await make_user()

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_user(**fields)

    assert len(await user_rows()) == 1


async def test_refresh_token_hash_is_unique(db_session: None) -> None:
    user_id = await make_user()
    session = await make_session(user_id)
    await make_refresh_token(user_id, session, "first")

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_refresh_token(user_id, session, "first")


async def test_one_time_token_hash_is_unique(db_session: None) -> None:
    user_id = await make_user()
    await make_one_time_token(user_id, "first")

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_one_time_token(user_id, "first")


async def test_id_of_a_deleted_user_is_not_reused(user_factory: UserFactory) -> None:
    """A token, a log line or another system may still refer to the deleted user."""
    ids = []
    for _ in range(3):
        ada = await user_factory(username="ada")
        ids.append((await ada.profile())["id"])
        deleted = await ada.call("POST", "/api/user/delete", json={"current_password": PASSWORD})
        assert deleted.status == 204

    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("email", "username", "error"),
    [
        ("ada@example.com", "grace", DuplicateEmailException),
        ("grace@example.com", "ada", DuplicateUsernameException),
    ],
)
async def test_value_that_was_taken_after_it_was_not_found_is_a_duplicate(
    db_session: None, email: str, username: str, error: type[Exception]
) -> None:
    await make_user()

    with pytest.raises(error):
        await repository.insert_or_fail(CanonicalEmail(email), CanonicalUsername(username), "!", locale=None)
