"""Lists of events of all users, by any combination of filters."""

from datetime import timedelta
from typing import Any

import pytest

from auth_api.events.audit.events import EventFilter
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.errors import ValidationException
from auth_api.kit.pagination import PageRequest, decode_cursor
from auth_api.services import Services
from tests.support import aged_rows
from tests.support.aged_rows import ago

NOON = ago(days=1)


async def add(user_id: int | None, actor: str | None, action: str, hours: int = 0) -> int:
    """Add an event that happened some hours after noon, and return its id."""
    (row,) = await AuditLogRow.insert(
        AuditLogRow(
            user_id=user_id, actor=actor, action=action, resource="account", created_at=NOON + timedelta(hours=hours)
        )
    )
    return int(row["id"])


async def found(services: Services, **conditions: Any) -> list[int]:
    """Return the ids of the events that fulfil the conditions, as they are listed."""
    rows, cursor = await services.core.audit.search(EventFilter(**conditions), PageRequest(100))
    assert cursor is None
    return [row.id for row in rows]


async def test_search_combines_filters(services: Services) -> None:
    ada, bob = await aged_rows.add_user("ada"), await aged_rows.add_user("bob")
    login = await add(ada, "owner", "login:succeeded")
    renamed = await add(bob, f"user:{ada}", "profile:changed", hours=1)
    failed = await add(None, None, "login:failed", hours=2)
    disabled = await add(ada, "service:3", "account:disabled", hours=3)
    last = await add(bob, "cli", "account:disabled", hours=4)

    assert await found(services) == [last, disabled, failed, renamed, login]
    assert await found(services, user_id=ada) == [disabled, login]
    assert await found(services, actor=f"user:{ada}") == [renamed, login]
    assert await found(services, actor="cli") == [last]
    assert await found(services, action="account:disabled") == [last, disabled]
    assert await found(services, user_id=ada, actor=f"user:{ada}") == [login]
    assert await found(services, user_id=bob, actor=f"user:{ada}") == [renamed]
    assert await found(services, user_id=ada, actor="service:3", action="account:disabled") == [disabled]
    assert await found(services, actor=f"user:{ada}", action="login:succeeded") == [login]
    assert await found(services, since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3)) == [failed, renamed]
    assert await found(services, actor=f"user:{ada}", until=NOON + timedelta(hours=1)) == [login]
    assert await found(services, action="login:failed", since=NOON + timedelta(hours=3)) == []


async def test_search_of_a_malformed_name_is_empty(services: Services) -> None:
    await add(None, "owner", "login:succeeded")

    for actor in ("owner", "user:0", f"user:{2**64}", "user:x", "user:\u0663", "", "\x00", "x" * 10_000, "'"):
        assert await found(services, actor=actor) == []
    for action in ("\x00", "login:%", "LOGIN:SUCCEEDED"):
        assert await found(services, action=action) == []


async def test_search_continues_after_the_last_row_of_a_page(services: Services) -> None:
    ada = await aged_rows.add_user("ada")
    ids = [await add(ada, "owner" if number % 2 else f"user:{ada}", "login:succeeded") for number in range(6)]
    listed: list[int] = []
    cursor: str | None = None

    while cursor is not None or not listed:
        page = PageRequest(2, decode_cursor(cursor) if cursor is not None else None)
        rows, cursor = await services.core.audit.search(EventFilter(actor=f"user:{ada}"), page)
        listed += [row.id for row in rows]

    assert listed == ids[::-1]
    with pytest.raises(ValidationException):
        await services.core.audit.search(EventFilter(), PageRequest(2, "ada"))


async def test_export_batch_says_whether_there_is_more(services: Services) -> None:
    ids = [await add(None, None, "login:failed") for _ in range(3)]
    options: dict[str, Any] = {"since": ago(days=9), "until": ago(days=0), "user_id": None}

    first, has_more = await services.core.audit.export_batch(after=0, limit=2, **options)
    second, has_no_more = await services.core.audit.export_batch(after=ids[1], limit=2, **options)

    assert ([row.id for row in first], has_more) == (ids[:2], True)
    assert ([row.id for row in second], has_no_more) == (ids[2:], False)
    assert await services.core.audit.export_batch(after=ids[2], limit=2, **options) == ([], False)
