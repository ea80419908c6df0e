"""Every command that cannot use PostgreSQL ends in a sentence with the fix, and exit status 1."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import DeploymentFactory
from tests.support.deployment import Deployment
from tests.support.failing_commands import CHECK, CREATE, LIST, MIGRATE, OTHERS, SERVE, SERVE_MIGRATE, fails

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]


class Owner:
    """The owner of a database, who makes it unusable."""

    def __init__(self, deployment: Deployment, connection: asyncpg.Connection) -> None:
        self.deployment = deployment
        self.url = deployment.database_url
        self.role = f"role_{secrets.token_hex(4)}"
        self._connection = connection

    async def run(self, *statements: str) -> None:
        """Execute statements; `{role}` is a role that can log in."""
        for statement in statements:
            await self._connection.execute(statement.replace("{role}", self.role))

    @property
    def url_of_role(self) -> str:
        """The URL with that role and a password."""
        return self.url.replace("postgres@", f"{self.role}:hunter2@")


@pytest.fixture
async def owner(
    engine: str, deployment_factory: DeploymentFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Owner]:
    """The owner of an empty database, or of a migrated one for tests with this parameter."""
    deployment = await deployment_factory(migrated=getattr(request, "param", False))
    connection = await asyncpg.connect(deployment.database_url)
    opened = Owner(deployment, connection)
    await opened.run("CREATE ROLE {role} LOGIN")
    yield opened
    await connection.close()


migrated = pytest.mark.parametrize("owner", [True], indirect=True)


@pytest.mark.parametrize("command", [MIGRATE, SERVE_MIGRATE], ids=" ".join)
@pytest.mark.parametrize(
    ("statements", "parameter", "sentence"),
    [
        (["REVOKE CREATE ON SCHEMA public FROM PUBLIC"], "", "the role lacks a privilege. To migrate, it needs GRANT"),
        ([], "?search_path=missing", "no schema of the search_path exists. Create it (CREATE SCHEMA)"),
        (
            ["GRANT CREATE ON SCHEMA public TO {role}", "CREATE TABLE users (name text)"],
            "",
            "tables or indexes with the names of auth_api's exist already.",
        ),
    ],
    ids=["no privilege", "no schema", "foreign users table"],
)
async def test_migration_into_an_unsuitable_database_is_refused(
    owner: Owner, command: tuple[str, ...], statements: list[str], parameter: str, sentence: str
) -> None:
    await owner.run(*statements)

    line = await asyncio.to_thread(fails, owner.deployment, command, owner.url_of_role + parameter)

    assert line.startswith("PostgreSQL at 127.0.0.1:")
    assert f": {sentence}" in line


@pytest.mark.parametrize("command", [MIGRATE, CHECK, SERVE, LIST], ids=" ".join)
async def test_migration_table_of_another_program_is_reported(owner: Owner, command: tuple[str, ...]) -> None:
    await owner.run("CREATE TABLE migration (version int)")

    line = await asyncio.to_thread(fails, owner.deployment, command)

    assert (
        line == "The table `migration` belongs to another program. Use a database or a schema of its own for auth_api."
    )


async def test_schema_of_its_own_beside_another_program_is_migrated(owner: Owner) -> None:
    await owner.run("CREATE TABLE migration (version int)", "CREATE TABLE users (name text)", "CREATE SCHEMA auth")
    url = f"{owner.url}?search_path=auth"

    done = [await asyncio.to_thread(owner.deployment.command, *name, DATABASE_URL=url) for name in (MIGRATE, LIST)]

    assert [(one.returncode, one.stderr) for one in done] == [(0, ""), (0, "")]


@migrated
@pytest.mark.parametrize("command", [MIGRATE, SERVE, LIST, *OTHERS], ids=" ".join)
async def test_tables_without_privileges_are_reported(owner: Owner, command: tuple[str, ...]) -> None:
    line = await asyncio.to_thread(fails, owner.deployment, command, owner.url_of_role)

    assert ": the role lacks a privilege." in line


@migrated
@pytest.mark.parametrize("command", [MIGRATE, CHECK, LIST, *OTHERS], ids=" ".join)
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("ALTER ROLE {role} NOLOGIN", "it rejected the login. Check user and password"),
        ("ALTER ROLE {role} CONNECTION LIMIT 0", "all of its connections are in use. Raise max_connections"),
    ],
    ids=["no login", "no connections"],
)
async def test_refused_connection_is_reported(
    owner: Owner, command: tuple[str, ...], statement: str, sentence: str
) -> None:
    await owner.run(statement)

    assert f": {sentence}" in await asyncio.to_thread(fails, owner.deployment, command, owner.url_of_role)


@pytest.mark.parametrize("command", [MIGRATE, CHECK, LIST], ids=" ".join)
async def test_missing_database_is_reported(owner: Owner, command: tuple[str, ...]) -> None:
    line = await asyncio.to_thread(fails, owner.deployment, command, f"{owner.url}_missing")

    assert ": the database does not exist. Create it" in line


@migrated
@pytest.mark.parametrize("command", [CREATE, OTHERS[-1]], ids=" ".join)
async def test_read_only_database_is_reported_by_commands_that_write(owner: Owner, command: tuple[str, ...]) -> None:
    url = f"{owner.url}?options=-c%20default_transaction_read_only%3Don"

    line = await asyncio.to_thread(fails, owner.deployment, command, url)

    assert ": it accepts no changes: it is a standby, or default_transaction_read_only is set. Connect to" in line


async def test_migration_of_a_read_only_database_is_refused(owner: Owner) -> None:
    url = f"{owner.url}?options=-c%20default_transaction_read_only%3Don"

    assert ": it accepts no changes" in await asyncio.to_thread(fails, owner.deployment, MIGRATE, url)

    found = await asyncio.to_thread(owner.deployment.command, "doctor", "--json", DATABASE_URL=url)
    checks = {one["check"]: one["verdict"] for one in json.loads(found.stdout)}
    assert checks["database.writable"] == "fail"


async def test_invalid_value_of_a_parameter_is_reported(owner: Owner) -> None:
    line = await asyncio.to_thread(fails, owner.deployment, LIST, f"{owner.url}?lock_timeout=soon")

    assert ": it rejected a parameter of the connection." in line


@migrated
@pytest.mark.parametrize("command", [SERVE, LIST, CHECK], ids=" ".join)
async def test_locked_table_is_reported(owner: Owner, command: tuple[str, ...]) -> None:
    await owner.run("BEGIN", "LOCK TABLE migration")

    line = await asyncio.to_thread(fails, owner.deployment, command, f"{owner.url}?lock_timeout=100")

    assert ": another transaction holds a lock. Repeat the command" in line


@pytest.mark.parametrize("encoding", ["LATIN2", "SQL_ASCII"])
async def test_database_with_another_encoding_is_refused(owner: Owner, encoding: str) -> None:
    name = f"encoded_{owner.role}"
    await owner.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'")
    url = owner.url.rpartition("/")[0] + f"/{name}"
    try:
        lines = [
            await asyncio.to_thread(fails, owner.deployment, command, url)
            for command in (MIGRATE, CHECK, SERVE, SERVE_MIGRATE, LIST)
        ]
        found = await asyncio.to_thread(owner.deployment.command, "doctor", "--json", DATABASE_URL=url)
    finally:
        await owner.run(f"DROP DATABASE {name} WITH (FORCE)")

    sentence = f"The encoding of the database is {encoding}, and must be UTF8. Create another one: CREATE DATABASE …"
    assert {line.startswith(sentence) for line in lines} == {True}
    checks = {one["check"]: one["verdict"] for one in json.loads(found.stdout)}
    assert (found.returncode, checks["database.encoding"]) == (1, "fail")
