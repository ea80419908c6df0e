"""docs/administration.md lists all events and all commands for users."""

import re
from pathlib import Path
from typing import Final

import pytest

from auth_api.events.audit.actors import COMMAND_LINE, user_actor
from auth_api.features import EVENTS, TABLES
from auth_api.flows.administration.commands import users

pytestmark = pytest.mark.engine_independent

PAGE: Final = (Path(__file__).parents[2] / "docs" / "administration.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> list[str]:
    """Return the quoted words in the first column of the table right below a heading, at any level."""
    section = PAGE.partition(f"# {heading}\n")[2].partition("\n##")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_page_lists_every_event() -> None:
    assert sorted(first_cells("The security history")) == sorted(EVENTS)


def test_page_lists_every_actor() -> None:
    assert first_cells("Who caused an event") == [
        "actor",
        user_actor(7),
        user_actor(7),
        "service:3",
        COMMAND_LINE,
    ]


def test_page_lists_every_command_for_users() -> None:
    names = [words.removeprefix("auth-api ").split()[1] for words in first_cells("Users")]

    assert sorted(names) == sorted(users.commands)


def test_role_of_servers_may_use_every_table_and_only_add_to_the_history() -> None:
    granted = dict(re.findall(r"GRANT ([A-Z, ]+?)\s+ON ([a-z_,\s]+) TO auth_server", PAGE))
    names = {table._meta.tablename for table in TABLES}  # noqa: SLF001 - Piccolo describes a table only there

    tables = re.findall(r"[a-z_]+", granted["SELECT, INSERT, UPDATE, DELETE"])
    assert sorted(tables) == sorted(names - {"audit_logs"})
    assert granted["SELECT, INSERT"] == "audit_logs"
