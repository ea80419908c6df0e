"""docs/security.md is true: its evidence exists, its numbers are those of the code, and no cell is empty."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from auth_api.cli.limits import limit_rows
from auth_api.settings import Settings
from auth_api.users.policy import PasswordPolicy
from tests.support.generated_input import FUNCTION_EXAMPLES, REQUEST_EXAMPLES

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]
PACKAGE: Final = REPOSITORY / "auth_api"
PAGE: Final = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
TEXT: Final = " ".join(PAGE.split())
STATUSES: Final = ("met", "met in part", "not yet", "does not apply")
REQUIREMENTS: Final = 253
"""Requirements of levels 1 and 2 in ASVS 5.0.0."""
REQUIREMENTS_WITHOUT_ROW: Final = 16
"""Requirements of V5 and V17, which do not apply as a whole."""

_PATH: Final = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|txt)|Dockerfile|\.dockerignore)`")
_SECTION: Final = re.compile(r"this page, ([A-Z][^,:;.]*)", re.IGNORECASE)


def has_section(name: str) -> bool:
    return re.search(rf"^(#+ |\*\*){re.escape(name)}", PAGE, re.MULTILINE) is not None


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


TABLES: Final = [cells(line) for line in PAGE.splitlines() if line.startswith("|")]
ROWS: Final = [row for row in TABLES if re.fullmatch(r"V\d+\.\d+\.\d+", row[0])]


def test_no_cell_is_empty() -> None:
    assert [row for row in TABLES if not all(row)] == []


def test_every_requirement_has_one_row() -> None:
    ids = [row[0] for row in ROWS]

    assert len(ids) == len(set(ids)) == REQUIREMENTS - REQUIREMENTS_WITHOUT_ROW
    assert {len(row) for row in ROWS} == {5}
    assert {row[1] for row in ROWS} == {"1", "2"}
    assert {row[3] for row in ROWS} == set(STATUSES)


def test_summary_counts_the_rows() -> None:
    counted = Counter((row[3], row[1]) for row in ROWS)

    for status in STATUSES:
        by_level = [counted[status, level] for level in ("1", "2")]
        assert [status, *map(str, by_level), str(sum(by_level))] in TABLES


def test_named_files_and_sections_exist() -> None:
    files = [(row[0], path) for row in ROWS for path in _PATH.findall(row[4])]
    sections = [(row[0], section) for row in ROWS for section in _SECTION.findall(row[4])]

    assert [named for named in files if not any((place / named[1]).exists() for place in (REPOSITORY, PACKAGE))] == []
    assert [named for named in sections if not has_section(named[1])] == []


def test_met_requirement_names_a_file_or_a_section() -> None:
    met = [row for row in ROWS if row[3].startswith("met")]

    assert [row for row in met if not (_PATH.search(row[4]) or "this page" in row[4].lower())] == []


def test_limits_are_those_of_the_settings() -> None:
    settings = Settings.from_env({"ENVIRONMENT": "testing", "JWT_SECRET_KEY": "any-secret-of-32-bytes-or-more-will-do"})

    expected = [
        [re.sub(r"([A-Z_]{6,})", r"`\1`", str(cell)) for cell in row.values()]
        for row in limit_rows(settings.throttling)
    ]

    section = PAGE.partition("\n## Limits\n")[2].partition("\n## ")[0]
    assert [cells(line) for line in section.splitlines() if line.startswith("|")][2:] == expected


def test_password_rules_are_those_of_the_policy() -> None:
    policy = PasswordPolicy()

    assert f"{policy.min_length} to {policy.max_length} characters and {policy.max_bytes} bytes at most" in TEXT


def test_number_of_generated_cases_is_that_of_the_tests() -> None:
    """Sum the examples that each property requests, six times for a property that runs on six routes."""
    properties = sorted((REPOSITORY / "tests" / "security").glob("test_generated_*.py"))
    text = "".join(path.read_text(encoding="utf-8") for path in properties)
    asked = {
        "REQUEST_EXAMPLES // 3": REQUEST_EXAMPLES // 3,
        "REQUEST_EXAMPLES": REQUEST_EXAMPLES,
        "2 * REQUEST_EXAMPLES": 2 * REQUEST_EXAMPLES,
        "FUNCTION_EXAMPLES": FUNCTION_EXAMPLES,
    }
    found = re.findall(r"((?:@pytest\.mark\.parametrize\(.*PATHS\)\n)?)@cases\((.*)\)", text)
    total = sum(asked[number] * (6 if paths else 1) for paths, number in found)

    assert f"{len(found)} properties" in TEXT
    assert f"{total:,} generated cases" in TEXT
