"""The report of `auth-api doctor` in a terminal."""

import pytest

from auth_api.cli.doctor import report
from auth_api.doctor.findings import fail, note, ok, warn
from auth_api.kit.db.migrations import pending_text

pytestmark = pytest.mark.engine_independent

FINDINGS = [
    ok("settings", "Valid."),
    fail("database.migrations", "3 migrations are pending.", "Run: auth-api migrate"),
    note("mail", "word " * 30 + "/a/path/that/stays/whole/" + "x" * 60 + "\x1b[2J"),
]


def plain(line: str) -> str:
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[36m"):
        line = line.replace(code, "")
    return line


def test_report_has_columns_and_a_summary() -> None:
    lines = [plain(line) for line in report(FINDINGS)]

    assert lines[:3] == [
        "ok    settings             Valid.",
        "fail  database.migrations  3 migrations are pending.",
        "                           → Run: auth-api migrate",
    ]
    assert lines[-1] == "\n1 failure, 1 note, 1 ok"


def test_summary_counts_in_the_singular_and_in_the_plural() -> None:
    findings = [warn("a", "A.", "B."), fail("a", "A.", "B."), note("a", "A."), ok("a", "A.")]

    assert list(report(findings))[-1] == "\n1 failure, 1 warning, 1 note, 1 ok"
    assert list(report(findings * 2))[-1] == "\n2 failures, 2 warnings, 2 notes, 2 ok"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 migrations are pending."), (1, "1 migration is pending."), (2, "2 migrations are pending.")],
)
def test_pending_migrations_are_counted(number: int, text: str) -> None:
    assert pending_text(number) == text


def test_long_messages_are_wrapped_between_words_without_control_characters() -> None:
    lines = [plain(line) for line in report(FINDINGS)][3:-1]

    assert lines[0].startswith("note  mail                 word word")
    assert all(line.startswith(" " * 27) for line in lines[1:])
    assert any(line.endswith("/a/path/that/stays/whole/" + "x" * 60 + "?[2J") for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_failure_is_red_and_its_fix_is_bold() -> None:
    lines = list(report(FINDINGS))

    assert lines[1].startswith("\x1b[31m\x1b[1mfail")
    assert lines[2].startswith("\x1b[1m")
