"""What the database itself guarantees, whatever the code above it does."""

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


async def make_everything(user_id: int) -> None:
    """Give an account a row in every table that points at it."""
    await make_refresh_token(user_id, await make_session(user_id), "first")
    await make_one_time_token(user_id, "first")
    await OutboxRow(template="welcome", user_id=user_id, next_attempt_at=NOW, created_at=NOW).save()
    await AuditLogRow(user_id=user_id, action="account:registered", resource="account", created_at=NOW).save()


async def count(table: type[Table]) -> int:
    return int(await table.count())


@pytest.mark.parametrize("table", [SessionRow, RefreshTokenRow, OneTimeTokenRow, OutboxRow])
async def test_what_belongs_to_an_account_goes_with_it(db_session: None, table: type[Table]) -> None:
    user_id = await make_user()
    await make_everything(user_id)
    assert await count(table) == 1

    await UserRow.delete().where(UserRow.id == user_id)

    assert await count(table) == 0


async def test_the_history_stays_without_the_person(db_session: None) -> None:
    user_id = await make_user()
    await make_everything(user_id)

    await UserRow.delete().where(UserRow.id == user_id)

    assert await AuditLogRow.select(AuditLogRow.user_id, AuditLogRow.action) == [
        {"user_id": None, "action": "account:registered"}
    ]


async def test_nobody_else_s_rows_go_with_an_account(db_session: None) -> None:
    ada, eve = await make_user(), await make_user(username="eve", email="eve@example.com")
    await make_everything(eve)

    await UserRow.delete().where(UserRow.id == ada)

    tables = (SessionRow, RefreshTokenRow, OneTimeTokenRow, OutboxRow, AuditLogRow)
    assert [await count(table) for table in tables] == [1, 1, 1, 1, 1]


async def test_tokens_go_with_their_session(db_session: None) -> None:
    user_id = await make_user()
    session = await make_session(user_id)
    await make_refresh_token(user_id, session, "first")

    await SessionRow.delete().where(SessionRow.id == session.id)

    assert await count(RefreshTokenRow) == 0


async def test_a_row_cannot_belong_to_nobody(db_session: None) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await make_session(4711)


@pytest.mark.parametrize("fields", [{"username": "eve"}, {"email": "eve@example.com"}])
async def test_a_name_and_an_address_belong_to_one_account(db_session: None, fields: dict[str, str]) -> None:
    await make_user()

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_user(**fields)

    assert len(await user_rows()) == 1


async def test_a_refresh_token_is_kept_once(db_session: None) -> None:
    user_id = await make_user()
    session = await make_session(user_id)
    await make_refresh_token(user_id, session, "first")

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_refresh_token(user_id, session, "first")


async def test_a_one_time_token_is_kept_once(db_session: None) -> None:
    user_id = await make_user()
    await make_one_time_token(user_id, "first")

    with pytest.raises(UNIQUE_VIOLATIONS, match=r"(?i)unique"):
        await make_one_time_token(user_id, "first")


async def test_the_number_of_a_deleted_account_is_never_given_out_again(user_factory: UserFactory) -> None:
    """A token, a log line or a foreign system may still speak of the old one."""
    numbers = []
    for _ in range(3):
        somebody = await user_factory(username="ada")
        numbers.append((await somebody.profile())["id"])
        deleted = await somebody.call("POST", "/api/user/delete", json={"current_password": PASSWORD})
        assert deleted.status == 204

    assert numbers == sorted(set(numbers))
