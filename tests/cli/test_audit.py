"""`auth-api audit export`: the history as JSON lines, to be gone on with at any time."""

import json
import subprocess
import sys
from typing import Any

import pytest

from auth_api.events.audit import service
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support import aged_rows
from tests.support.aged_rows import ago
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment


async def exported(services: Services, **wanted: Any) -> list[int]:
    """Return the ids that are exported, in their order."""
    return [row.id async for rows in services.audit.export(**wanted) for row in rows]


async def ids() -> list[int]:
    return [row["id"] for row in await AuditLogRow.select(AuditLogRow.id).order_by(AuditLogRow.id)]


async def test_every_event_comes_once_in_the_order_of_ids(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_EXPORT_BATCH", 3)
    await aged_rows.add_events(None, at=ago(days=1), count=10)

    batches = [len(rows) async for rows in services.audit.export()]

    assert await exported(services) == await ids()
    assert batches == [3, 3, 3, 1]


async def test_it_goes_on_after_an_id(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(days=1), count=4)
    first, second, *others = await ids()

    assert await exported(services, after=second) == others
    assert await exported(services, after=others[-1]) == []
    assert await exported(services, after=first - 1) == [first, second, *others]


async def test_the_last_minute_comes_later(services: Services) -> None:
    """An event of a transaction that is not committed yet would be missed by who goes on after a later one."""
    await aged_rows.add_events(None, at=ago(seconds=90))
    await aged_rows.add_events(None, at=ago(seconds=30))

    settled, _ = await ids()

    assert await exported(services) == [settled]
    assert await exported(services, until=ago(seconds=0)) == [settled]


async def test_events_later_than_one_that_is_not_settled_wait_for_it(services: Services) -> None:
    await aged_rows.add_events(None, at=ago(seconds=70))
    await aged_rows.add_events(None, at=ago(seconds=10))
    await aged_rows.add_events(None, at=ago(seconds=70))

    assert await exported(services) == (await ids())[:1]


async def test_a_span_of_time_has_its_begin_and_not_its_end(services: Services) -> None:
    days = {number: ago(days=number) for number in (4, 3, 2)}
    for at in days.values():
        await aged_rows.add_events(None, at=at)
    oldest, middle, newest = await ids()

    assert await exported(services, since=days[3]) == [middle, newest]
    assert await exported(services, until=days[3]) == [oldest]
    assert await exported(services, since=days[3], until=days[2]) == [middle]
    assert await exported(services, since=days[2], until=days[4]) == []


async def test_one_account_s_events_can_be_had_alone(services: Services) -> None:
    ada, grace = await aged_rows.add_user("ada"), await aged_rows.add_user("grace")
    for owner in (ada, grace, None, ada):
        await aged_rows.add_events(owner, at=ago(days=1))
    first, _, _, last = await ids()

    assert await exported(services, user_id=ada) == [first, last]


async def test_nothing_is_exported_of_nothing(services: Services) -> None:
    assert await exported(services) == []


async def test_the_cursor_of_one_s_own_list_still_works(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_in()

    first = await ada.call("GET", "/api/user/audit-log?limit=1")
    second = await ada.call("GET", f"/api/user/audit-log?limit=1&cursor={first['next_cursor']}")

    assert [page["items"][0]["action"] for page in (first, second)] == ["login:succeeded", "account:registered"]
    assert "user_id" not in first["items"][0]


def test_the_command_prints_json_lines_and_nothing_else(deployment: Deployment) -> None:
    deployment.command(
        "users", "create", "ada@example.com", "ada", "--password-stdin", stdin="Correct-Horse-7-Staple\n"
    )

    recent = deployment.command("audit", "export")
    wrong = deployment.command("audit", "export", "--since", "yesterday")
    nobody = deployment.command("audit", "export", "--user", "nobody")

    assert (recent.returncode, recent.stdout, recent.stderr) == (0, "", "")
    assert (wrong.returncode, "'yesterday' is no moment such as 2026-02-19" in wrong.stderr) == (2, True)
    assert (nobody.returncode, nobody.stderr) == (1, "User not found\n")


def test_a_line_is_a_whole_event(deployment: Deployment) -> None:
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
        "action": "account:registered",
        "resource": "account",
        "details": {"by": "command line"},
        "ip_address": None,
        "user_agent": None,
        "request_id": None,
        "created_at": event["created_at"],
        "user_id": event["user_id"],
    }
    assert event["user_id"] is not None
