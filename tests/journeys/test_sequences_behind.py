"""A sequence that is behind its table, as after a restore of the rows only, is a fault of the database."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from auth_api.doctor.findings import Finding
from auth_api.doctor.tables import evaluate_sequences, fetch_sequences
from tests.support.actors import PASSWORD, Actor
from tests.support.database_schema import column
from tests.support.log_lines import logged

pytestmark = pytest.mark.engine("postgres")

TABLES = ["audit_logs", "one_time_tokens", "outbox", "refresh_tokens", "users"]
"""Those that the requests of these tests insert into."""

OTHER_TABLES = [
    *("api_keys", "invitations", "oauth_clients", "oauth_resources", "passkeys", "pending_logins", "permissions"),
    *("recovery_codes", "roles"),
    *("service_accounts", "sign_in_flows", "totp_candidates", "totp_factors", "user_identities", "user_roles"),
]

USERS = 12
"""More rows than the requests of a test insert."""


@pytest.fixture
async def owner(database_url: str, client: httpx.AsyncClient) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the database, in which each table has rows."""
    connection = await asyncpg.connect(database_url)
    for number in range(USERS):
        person = Actor(client, username=f"person{number}", email=f"person{number}@example.com")
        assert (await person.register()).status == 201
    await connection.execute(
        "INSERT INTO one_time_tokens (user_id, purpose, token_hash, expires_at, created_at) "
        "SELECT id, 'password_reset', username, now() + interval '1 day', now() FROM users"
    )
    yield connection
    await connection.close()


async def findings(owner: asyncpg.Connection) -> list[Finding]:
    return list(evaluate_sequences(await fetch_sequences(owner)))


async def test_doctor_checks_the_sequences_of_all_tables(owner: asyncpg.Connection, database_url: str) -> None:
    states = await fetch_sequences(owner)
    names = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename <> 'migration_id_seq'"

    assert [state.table for state in states] == sorted([*TABLES, *OTHER_TABLES])
    assert sorted(state.name for state in states) == sorted(await column(database_url, names))
    assert [finding.verdict for finding in await findings(owner)] == ["ok"]


@pytest.mark.parametrize("table", TABLES)
async def test_sequence_behind_its_table_is_503_until_it_is_corrected(
    owner: asyncpg.Connection, client: httpx.AsyncClient, table: str
) -> None:
    """The name is free, so the response is not 409."""
    await owner.execute(f"SELECT setval('{table}_id_seq', (SELECT min(id) FROM {table}), false)")  # noqa: S608 - constants
    (finding,) = await findings(owner)
    newcomer, person = Actor(client, username="newcomer", email="newcomer@example.com"), Actor(client, "person0")

    with logged("ERROR") as lines:
        outcomes = {(await newcomer.register()).outcome, (await person.log_in()).outcome}
    await owner.execute(finding.fix)

    assert (finding.verdict, f"next id of {table} is " in finding.message) == ("fail", True)
    if table != "one_time_tokens":  # those are written later, when the mail is sent
        assert (503, "DATABASE_UNAVAILABLE") in outcomes
        assert {(line["event"], line["database_code"], line["constraint"]) for line in lines} == {
            ("database:misconfigured", "23505", f"{table}_pkey")
        }
    assert {status for status, _ in outcomes} <= {200, 201, 503}
    assert [finding.verdict for finding in await findings(owner)] == ["ok"]
    assert (await person.log_in()).status == 200
    assert (await newcomer.register()).outcome in {(201, ""), (409, "DUPLICATE_EMAIL")}


async def test_taken_names_are_duplicates_even_with_a_sequence_behind(
    owner: asyncpg.Connection, client: httpx.AsyncClient
) -> None:
    await owner.execute("SELECT setval('users_id_seq', (SELECT min(id) FROM users), false)")
    person, other = Actor(client, "person0", "person0@example.com"), Actor(client, "person0", "other@example.com")
    for taken, code in ((person, "DUPLICATE_EMAIL"), (other, "DUPLICATE_USERNAME")):
        assert (await taken.register()).outcome == (409, code)
    renamed = Actor(client, "person1", password=PASSWORD)
    await renamed.log_in()

    response = await renamed.call("PATCH", "/api/user/profile", json={"username": "person0"})

    assert response.outcome == (409, "DUPLICATE_USERNAME")
