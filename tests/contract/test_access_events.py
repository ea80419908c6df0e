"""What ends what: the table in docs/security.md is that of the code, and it leaves nothing of an account out."""

from pathlib import Path
from typing import Any, Final

import pytest
from piccolo.columns import ForeignKey
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.piccolo_app import APP_CONFIG
from auth_api.sessions.access_events import AccessEvent, Ends
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.journeys.test_what_ends_what import CAUSES

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")

ENDED_BY: Final[dict[type[Table], str]] = {
    SessionRow: "sessions",
    RefreshTokenRow: "sessions",
    OneTimeTokenRow: "links",
    OutboxRow: "links",
}
"""The field of `Ends` that decides whether the rows of an account in this table end."""

GIVES_NO_ACCESS: Final[set[type[Table]]] = {AuditLogRow}


def tables_of_accounts() -> set[type[Table]]:
    columns: list[tuple[type[Table], Any]] = [
        (table, column)
        for table in APP_CONFIG.table_classes
        for column in table._meta.columns  # noqa: SLF001
    ]
    return {
        table
        for table, column in columns
        if isinstance(column, ForeignKey) and column._foreign_key_meta.resolved_references is UserRow  # noqa: SLF001 - Piccolo has no public name for it
    }


def cells_of(event: AccessEvent) -> list[str]:
    ends: Ends = event.ends
    kept = ", ".join(f"`{purpose}`" for purpose in ends.kept_links)
    links = "stay" if not ends.links else f"end, except {kept}" if kept else "end"
    password = "deleted" if event is AccessEvent.ACCOUNT_DELETED else ends.password.value
    return [f"`{event}`", ends.sessions.value, password, links]


def test_table_of_the_page_is_that_of_the_code() -> None:
    section = PAGE.partition("## What ends what")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]

    assert [[reason, *rest] for reason, _event, *rest in rows] == [cells_of(event) for event in AccessEvent]


def test_every_event_is_caused_by_a_test() -> None:
    assert set(CAUSES) == set(AccessEvent)


def test_every_table_with_rows_of_an_account_is_ended_or_gives_no_access() -> None:
    """A new table has to be added here, and its end to `Ends` and to `AccessRevocation`."""
    assert ENDED_BY.keys() | GIVES_NO_ACCESS == tables_of_accounts()
    assert set(ENDED_BY.values()) <= set(Ends.__struct_fields__)
