"""Administrators read the security history: lists, the export, its limit, and the log lines about reading."""

import json
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import aged_rows
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.log_lines import logged
from tests.support.roles import give_role


@pytest.fixture
async def auditor(user_factory: UserFactory) -> Actor:
    """A user with the role `auditor`; the history is empty."""
    actor = await user_factory()
    await give_role(actor.username, "auditor")
    await AuditLogRow.delete(force=True)
    return actor


async def stored_ids() -> list[int]:
    return [row["id"] for row in await AuditLogRow.select(AuditLogRow.id).order_by(AuditLogRow.id)]


async def listed(actor: Actor, query: str = "", path: str = "/api/admin/audit") -> ApiResponse:
    return await actor.call("GET", f"{path}{query}")


async def exported(actor: Actor, query: str = "") -> tuple[list[int], dict[str, Any]]:
    """Return the ids of exported events, and the last line."""
    response = await actor.call("GET", f"/api/admin/audit/export{query}")
    assert (response.status, response.response.headers["content-type"]) == (200, "application/x-ndjson")
    *lines, last = [json.loads(line) for line in response.response.text.splitlines()]
    return [line["id"] for line in lines], last


def field_codes(response: ApiResponse) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json["errors"]]


async def test_lists_have_filters_and_pages(auditor: Actor) -> None:
    bob = await aged_rows.add_user("bob")
    await aged_rows.add_events(bob, at=ago(days=3), count=3)
    await aged_rows.add_events(None, at=ago(days=1))
    *of_bob, last = await stored_ids()
    day = ago(days=2).strftime("%Y-%m-%dT00:00:00Z")
    of_user = f"/api/admin/users/{bob}/audit"

    page = await listed(auditor, "?limit=2")
    rest = await listed(auditor, f"?limit=2&cursor={page['next_cursor']}")

    assert [[event["id"] for event in each["items"]] for each in (page, rest)] == [[last, of_bob[2]], of_bob[1::-1]]
    assert rest["next_cursor"] is None
    assert {"user_id", "actor", "by", "impersonator"} <= page["items"][0].keys()
    for query, ids in (
        (f"?user_id={bob}", of_bob[::-1]),
        (f"?since={day}", [last]),
        (f"?until={day}", of_bob[::-1]),
        ("?actor=cli", []),
        ("?actor=%00&action=x", []),
        ("?unknown=1&action=", []),
    ):
        assert [event["id"] for event in (await listed(auditor, query))["items"]] == ids, query
    assert [event["id"] for event in (await listed(auditor, path=of_user))["items"]] == of_bob[::-1]
    assert (await listed(auditor, f"?since={day}", of_user))["items"] == []


async def test_invalid_parameters_are_refused(auditor: Actor) -> None:
    for path in ("/api/admin/audit", "/api/admin/audit/export"):
        response = await listed(auditor, "?since=yesterday&until=2026-02-30T00:00:00Z&user_id=x", path)
        assert sorted(field_codes(response)) == [("since", "format"), ("until", "format"), ("user_id", "range")]
        for time in ("2026-02-19", "2026-02-19T10:30:45", "0001-01-01T00:00:00%2B14:00", ""):
            assert field_codes(await listed(auditor, f"?since={time}", path)) == [("since", "format")], time
    for query in ("after=-1", f"after={2**63}", "limit=0", "limit=1001", "after=x"):
        response = await listed(auditor, f"?{query}", "/api/admin/audit/export")
        assert field_codes(response) == [(query.partition("=")[0], "range")]
    for user_id in (10**9, 2**63, 0, "01", "ada"):
        assert (await listed(auditor, path=f"/api/admin/users/{user_id}/audit")).outcome == (404, "USER_NOT_FOUND")


async def test_export_continues_until_nothing_is_left(auditor: Actor) -> None:
    bob = await aged_rows.add_user("bob")
    await aged_rows.add_events(bob, at=ago(days=3), count=3)
    await aged_rows.add_events(None, at=ago(days=1), count=2)
    await aged_rows.add_events(None, at=ago(seconds=10))
    first, second, third, fourth, fifth, _ = await stored_ids()

    assert await exported(auditor, "?limit=2") == ([first, second], {"next_after": second, "more": True})
    assert await exported(auditor, f"?limit=3&after={second}") == (
        [third, fourth, fifth],
        {"next_after": fifth, "more": False},
    )
    assert await exported(auditor, f"?after={fifth}") == ([], {"next_after": fifth, "more": False})
    assert await exported(auditor, f"?user_id={bob}&limit=3") == (
        [first, second, third],
        {"next_after": third, "more": False},
    )
    until = ago(days=2).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await exported(auditor, f"?until={until}"))[0] == [first, second, third]


async def test_export_is_limited_per_caller(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as app:
        auditors = [Actor(app.client, username=name, email=f"{name}@example.com") for name in ("ada", "bob")]
        for auditor in auditors:
            await auditor.register()
            await give_role(auditor.username, "auditor")
        ada, bob = auditors

        responses = [await ada.call("GET", "/api/admin/audit/export") for _ in range(61)]
        of_bob = await bob.call("GET", "/api/admin/audit/export")

    assert [response.status for response in responses] == [200] * 60 + [429]
    assert responses[-1].code == "RATE_LIMITED"
    assert of_bob.status == 200


async def test_reading_and_refusals_are_logged(auditor: Actor, user_factory: UserFactory) -> None:
    bob = await user_factory()
    bob_id, actor = (await bob.profile())["id"], f"user:{(await auditor.profile())['id']}"

    with logged("INFO") as lines:
        await listed(auditor, path=f"/api/admin/users/{bob_id}/audit")
        await listed(auditor, path=f"/api/admin/users/{10**9}/audit")
        await exported(auditor)
        await bob.call("GET", f"/api/admin/users/{bob_id}/audit")
        await bob.call("GET", f"/api/admin/users/{bob_id}/audit", token="")

    found = [line for line in lines if line.get("event", "").partition(":")[0] in ("admin", "audit")]
    assert [(line["event"], line["actor"]) for line in found] == [
        ("admin:read", actor),
        ("audit:exported", actor),
        ("admin:refused", f"user:{bob_id}"),
    ]
    assert found[0]["user_id"] == bob_id
    assert (found[2]["error_code"], found[2]["required_permission"]) == ("PERMISSION_DENIED", "audit:read")
