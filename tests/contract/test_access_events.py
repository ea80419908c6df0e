"""What ends what: the table in docs/security.md is that of the code, and it leaves nothing of an account out."""

from pathlib import Path
from typing import Any, Final

import pytest
from piccolo.columns import ForeignKey
from piccolo.table import Table

from auth_api.events.audit.tables import AuditLogRow
from auth_api.features import FEATURES, TABLES
from auth_api.roles.tables import UserRoleRow
from auth_api.sessions.access_events import AccessEvent, Ends
from auth_api.users.tables import UserRow
from tests.journeys.test_what_ends_what import CAUSES, REVOKED_TABLES

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")

KEPT: Final[dict[type[Table], str]] = {
    AuditLogRow: "The security history of an account gives no access to it.",
    UserRoleRow: "A role gives no access without a login, and only administrators grant it again.",
}
"""The tables with rows of an account that no event ends, and why."""


def tables_of_accounts() -> set[type[Table]]:
    columns: list[tuple[type[Table], Any]] = [
        (table, column)
        for table in TABLES
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
    is_deletion = event is AccessEvent.ACCOUNT_DELETED
    keys = "end" if ends.delegated else "stay"
    values = (ends.password.value, ends.factors.value, ends.identities.value)
    return [f"`{event}`", ends.sessions.value, keys, *(("deleted",) * 3 if is_deletion else values), links]


def test_table_of_the_page_is_that_of_the_code() -> None:
    section = PAGE.partition("## What ends what")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]

    assert [[reason, *rest] for reason, _event, *rest in rows] == [cells_of(event) for event in AccessEvent]


def test_every_event_is_caused_by_a_test() -> None:
    assert set(CAUSES) == set(AccessEvent)


def test_every_table_with_rows_of_an_account_is_revoked_or_kept_for_a_reason() -> None:
    """Add a new table to the revocation of its manifest, and its end to `Ends` and to the page."""
    assert tables_of_accounts() - REVOKED_TABLES == KEPT.keys()


def test_packages_revoke_only_their_own_tables() -> None:
    for manifest in FEATURES:
        assert manifest.revocation is None or set(manifest.revocation.tables) <= set(manifest.tables)
