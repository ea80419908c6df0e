"""`auth-api audit export`: the security history as JSON lines, which can be continued at any time."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.events.audit import service
from auth_api.events.audit.events import AuditEntry
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support import aged_rows
from tests.support.aged_rows import ago
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment


async def exported_ids(services: Services, **options: Any) -> list[int]:
    """Return the ids of the exported events, in order."""
    return [row.id async for rows in services.core.audit.export(**options) for row in rows]


async def stored_ids() -> list[int]:
    return [row["id"] for row in await AuditLogRow.select(AuditLogRow.id).order_by(AuditLogRow.id)]


async def test_export_has_every_event_once_ordered_by_id(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_EXPORT_BATCH", 3)
    await aged_rows.add_events(None, at=ago(days=1), count=10)

    batches = [len(rows) async for rows in services.core.audit.export()]

    assert await exported_ids(services) == await stored_ids()
    assert batches == [3, 3, 3, 1]


async def test_export_continues_after_an_id(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(days=1), count=4)
    first, second, *others = await stored_ids()

    assert await exported_ids(services, after=second) == others
    assert await exported_ids(services, after=others[-1]) == []
    assert await exported_ids(services, after=first - 1) == [first, second, *others]


async def test_export_omits_the_last_minute(services: Services) -> None:
    """An event that is committed later would be skipped when the export continues after an event with a higher id."""
    await aged_rows.add_events(None, at=ago(seconds=90))
    await aged_rows.add_events(None, at=ago(seconds=30))

    settled, _ = await stored_ids()

    assert await exported_ids(services) == [settled]
    assert await exported_ids(services, until=ago(seconds=0)) == [settled]


async def test_export_stops_before_the_first_event_of_the_last_minute(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(seconds=70))
    await aged_rows.add_events(None, at=ago(seconds=10))
    await aged_rows.add_events(None, at=ago(seconds=70))

    assert await exported_ids(services) == (await stored_ids())[:1]


async def test_export_includes_since_and_excludes_until(services: Services) -> None:
    days = {number: ago(days=number) for number in (4, 3, 2)}
    for at in days.values():
        await aged_rows.add_events(None, at=at)
    oldest, middle, newest = await stored_ids()

    assert await exported_ids(services, since=days[3]) == [middle, newest]
    assert await exported_ids(services, until=days[3]) == [oldest]
    assert await exported_ids(services, since=days[3], until=days[2]) == [middle]
    assert await exported_ids(services, since=days[2], until=days[4]) == []


async def test_export_can_be_limited_to_one_user(services: Services) -> None:
    ada, grace = await aged_rows.add_user("ada"), await aged_rows.add_user("grace")
    for owner in (ada, grace, None, ada):
        await aged_rows.add_events(owner, at=ago(days=1))
    first, _, _, last = await stored_ids()

    assert await exported_ids(services, user_id=ada) == [first, last]


async def test_export_of_an_empty_history_is_empty(services: Services) -> None:
    assert await exported_ids(services) == []


async def test_cursor_of_the_users_own_list_works(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_in()

    first = await ada.call("GET", "/api/user/audit-log?limit=1")
    second = await ada.call("GET", f"/api/user/audit-log?limit=1&cursor={first['next_cursor']}")

    assert [page["items"][0]["action"] for page in (first, second)] == ["login:succeeded", "account:registered"]
    assert "user_id" not in first["items"][0]


def test_command_prints_only_json_lines(deployment: Deployment) -> None:
    deployment.command(
        "users", "create", "ada@example.com", "ada", "--password-stdin", stdin="Correct-Horse-7-Staple\n"
    )

    recent = deployment.command("audit", "export")
    invalid = deployment.command("audit", "export", "--since", "yesterday")
    unknown = deployment.command("audit", "export", "--user", "unknown")

    assert (recent.returncode, recent.stdout, recent.stderr) == (
        0,
        "",
        "0 events; those of the last minute are omitted.\n",
    )
    assert (invalid.returncode, "'yesterday' is not a time such as 2026-02-19" in invalid.stderr) == (2, True)
    assert (unknown.returncode, unknown.stderr) == (1, "User not found\n")


def test_line_contains_all_fields_of_an_event(deployment: Deployment) -> None:
    """In a process of its own, for which no event is too young."""
    deployment.command(
        "users", "create", "ada@example.com", "ada", "--password-stdin", stdin="Correct-Horse-7-Staple\n"
    )
    program = (
        "import datetime, auth_api.cli as c, auth_api.events.audit.service as s; "
        "s.SETTLED_AGE = datetime.timedelta(0); "
    )

    done = subprocess.run(
        [sys.executable, "-c", program + "c.main()", "audit", "export", "--user", "ada"],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    (line,) = done.stdout.splitlines()
    event = json.loads(line)
    assert event == {
        "id": event["id"],
        "action": "account:created",
        "resource": "account",
        "details": {},
        "ip_address": None,
        "user_agent": None,
        "request_id": None,
        "by": "operator",
        "created_at": event["created_at"],
        "user_id": event["user_id"],
        "actor": "cli",
        "impersonator": None,
    }
    assert event["user_id"] is not None


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\x9b31m", "\u2028", "\u2029", "\u202e"])
def test_command_escapes_what_could_control_a_terminal(character: str) -> None:
    """CWE-150. Rows of earlier versions contain such characters."""
    entry = AuditEntry(
        id=1,
        user_id=None,
        action="login:failed",
        resource="account",
        details={"reason": f"a{character}b"},
        ip_address=None,
        user_agent=f"a{character}b",
        request_id=None,
        actor=None,
        impersonator=None,
        created_at=ago(days=1),
    )

    async def rows(**_: Any) -> AsyncIterator[list[AuditEntry]]:
        yield [entry, entry]

    services = SimpleNamespace(of=lambda _kind: SimpleNamespace(export=rows))

    done = CliRunner().invoke(commands, ["audit", "export"], obj=lambda work: asyncio.run(work(services)))

    lines = done.stdout.removesuffix("\n").split("\n")
    assert [line.isprintable() for line in lines] == [True, True]
    assert [json.loads(line)["user_agent"] for line in lines] == [f"a{character}b"] * 2
