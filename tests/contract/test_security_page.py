"""docs/security.md is true: its evidence exists, its numbers are those of the code, and no cell is empty."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from auth_api.cli.limits import limit_rows
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.crypto.signing import MAX_JWT_LENGTH, MIN_RSA_BITS, MIN_SECRET_BYTES
from auth_api.kit.crypto.tokens import REFRESH_TOKEN
from auth_api.kit.http.json import MAX_NESTING_DEPTH
from auth_api.kit.http.pagination import MAX_LIMIT
from auth_api.kit.http.request_screening import MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_URI_BYTES
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.schemas import MAX_TOKEN_LENGTH
from auth_api.sessions.policy import KNOWN_NETWORK_PERIOD
from auth_api.settings import Settings
from auth_api.users.identifiers import MAX_EMAIL_LENGTH, MAX_USERNAME_LENGTH, MIN_USERNAME_LENGTH
from auth_api.users.password_rules import MIN_CORE_LETTERS, MIN_IDENTIFIER_LENGTH
from auth_api.users.policy import PasswordPolicy
from auth_api.users.schemas import MAX_PASSWORD_LENGTH
from tests.support.generated_input import FUNCTION_EXAMPLES, REQUEST_EXAMPLES
from tests.support.source_tree import MODULES

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
    expected = [
        [re.sub(r"([A-Z_]{6,})", r"`\1`", str(cell)) for cell in row.values()] for row in limit_rows(settings())
    ]

    section = PAGE.partition("\n## Limits\n")[2].partition("\n## ")[0]
    assert [cells(line) for line in section.splitlines() if line.startswith("|")][2:] == expected


def settings() -> Settings:
    return Settings.from_env({"ENVIRONMENT": "testing", "JWT_SECRET_KEY": "any-secret-of-32-bytes-or-more-will-do"})


def numbers_in_prose() -> list[str]:
    """Return the sentences with numbers of the page, with the values of the code."""
    hashing, sessions, failures = HashingPolicy(), settings().sessions, settings().throttling.per_network
    minutes, days, kib = timedelta(minutes=1), timedelta(days=1), 1024
    return [
        f"argon2id ({hashing.memory_kib} KiB, {hashing.iterations} iterations, {hashing.parallelism} lane",
        f"valid for {sessions.access_ttl // minutes} minutes",
        f"with the prefix `{REFRESH_TOKEN.prefix}`",
        f"sent again within {sessions.refresh_grace // minutes} minutes (`REFRESH_GRACE_SECONDS`)",
        f"ends {sessions.idle_ttl // days} days after the last refresh",
        f"at the latest {sessions.absolute_ttl // days} days after it began",
        f"at most {sessions.per_account} live sessions (`SESSIONS_PER_ACCOUNT`)",
        f"opened a session within the last {KNOWN_NETWORK_PERIOD // days} days",
        f"up to {sessions.verified_cache_size:,} verified ones in the memory of a process",
        f"Bodies are limited to {MAX_BODY_BYTES // kib} KiB, URLs to {MAX_URI_BYTES // kib} KiB",
        f"headers to {MAX_HEADER_BYTES // kib} KiB, JSON to {MAX_NESTING_DEPTH} levels",
        f"| `email` | at most {MAX_EMAIL_LENGTH} characters",
        f"| `username` | {MIN_USERNAME_LENGTH} to {MAX_USERNAME_LENGTH} of `a-z 0-9 _ . -`",
        f"| password at login | at most {MAX_PASSWORD_LENGTH} characters",
        f"| tokens | at most {MAX_JWT_LENGTH} characters, mailed tokens {MAX_TOKEN_LENGTH} |",
        f"| `limit`, `cursor` | 1 to {MAX_LIMIT};",
        f"if these have {MIN_IDENTIFIER_LENGTH} or more characters",
        f"only if it has at least {MIN_CORE_LETTERS} letters",
        f"`JWT_SECRET_KEY` ({MIN_SECRET_BYTES} bytes or more)",
        f"`TOKEN_DERIVATION_KEY` ({MIN_SECRET_BYTES} bytes or more;",
        f"RSA keys of {MIN_RSA_BITS} bits are accepted",
        f"a wait of {failures.longest_wait_seconds // 60} min after a few failures",
        f"works for {Purpose.EMAIL_UNDO.lifetime // timedelta(hours=1)} hours for anyone who can read that mailbox",
    ]


@pytest.mark.parametrize("sentence", numbers_in_prose())
def test_numbers_in_prose_are_those_of_the_code(sentence: str) -> None:
    assert sentence in TEXT


def test_server_opens_connections_only_to_database_mail_server_and_providers() -> None:
    """The clients of protocols are imported only by the adapters of these servers, and by the doctor."""
    clients = {
        "aiosmtplib",
        "asyncpg",
        "http.client",
        "smtplib",
        "ssl",
        "urllib.request",
        "httpx",
        "requests",
        "aiohttp",
        "httpcore2",
    }
    calls = re.compile(r"open_connection|\bcreate_connection|urlopen")
    users = {
        module.name.rpartition(".")[0]
        for module in MODULES
        if {name for client in clients for name in module.imports if name == client or name.startswith(f"{client}.")}
        or calls.search(module.source)
    }

    assert (
        "auth_api opens connections to the database, to the mail server of `SMTP_URL` and to the identity providers of"
        in TEXT
    )
    assert users == {"auth_api.doctor", "auth_api.kit", "auth_api.kit.db", "auth_api.kit.mail", "auth_api.kit.outbound"}


def test_cookies_are_those_of_the_page() -> None:
    pattern = re.compile(r"[\"']set-cookie|\(HostCookie\)|class HostCookie", re.IGNORECASE)
    users = {module.name for module in MODULES if pattern.search(module.source)}

    assert "The API does not accept it." in TEXT
    assert {name for name in users if not name.startswith("auth_api.web.")} == {
        "auth_api.authentication.session_cookie",
        "auth_api.flows.federation.controllers",
        "auth_api.kit.http.browser_cookie",
        "auth_api.kit.http.host_cookie",
        "auth_api.kit.http.token_transport",
    }


def test_password_rules_are_those_of_the_policy() -> None:
    policy = PasswordPolicy()

    assert f"{policy.min_length} to {policy.max_length} characters and {policy.max_bytes} bytes at most" in TEXT


def test_number_of_generated_cases_is_that_of_the_tests() -> None:
    """Sum the examples that each property requests, six times for a property that runs on six routes."""
    files = (REPOSITORY / "tests" / "security").glob("test_generated_*.py")
    properties = sorted(path for path in files if path.stem != "test_generated_factors")  # `make fuzz` sets its number
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
