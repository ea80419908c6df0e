"""The application on one real database, started once per test process; every test begins with empty tables.

`--engine sqlite|postgres` chooses the database: Piccolo keeps one engine per process.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from auth_api.app import create_app
from auth_api.events.outbox.delivery import SERVICE as MAIL_SERVICE
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.email_verification.mails import EMAIL_VERIFICATION
from auth_api.kit.breaker.breaker import ServiceBreaker, breakers
from auth_api.kit.db import migrations
from auth_api.kit.db.database import SERVICE
from auth_api.kit.logging import LogWriter, configure_logging
from auth_api.kit.mail.message import Mailer
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.services import Services
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.settings import Settings
from tests.support.actors import PASSWORD, Actor
from tests.support.clock import MovableClock
from tests.support.deployment import Deployment
from tests.support.lifespan import started
from tests.support.mailbox import Mailbox
from tests.support.postgres import PostgresServer, create_database, drop_database, external_server_url
from tests.support.processes import run_cli
from tests.support.rows import empty_all_tables
from tests.support.secret_recorder import SecretRecorder

CLIENT_IP = "203.0.113.7"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=["sqlite", "postgres"], default="sqlite", help="database to test on")
    parser.addoption("--torture", action="store_true", help="run the fault tests that take long, too")
    parser.addoption("--deployment", action="store_true", help="run the tests with nginx, Caddy, pgbouncer, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of the other engine, and those that need an option of their own."""
    unasked = [marker for marker in ("torture", "deployment") if not config.getoption(f"--{marker}")]
    chosen: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        runs = runs_on(item, config.getoption("--engine")) and not any(map(item.get_closest_marker, unasked))
        (chosen if runs else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = chosen


def runs_on(item: pytest.Item, engine: str) -> bool:
    """Return whether a test belongs to the run on this engine, by its markers."""
    if item.get_closest_marker("engine_independent") is not None:
        return engine == "sqlite"
    marker = item.get_closest_marker("engine")
    return marker is None or engine in marker.args


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`."""
    return str(request.config.getoption("--engine"))


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Everything that the whole session logs, as JSON lines."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    writer: LogWriter = configure_logging(level="DEBUG", as_json=True, descriptor=descriptor)
    yield path
    writer.stop()
    os.close(descriptor)


@pytest.fixture(scope="session")
def secret_recorder(log_file: Path) -> Iterator[SecretRecorder]:
    """Every password and token of the whole session; at its end, none of them may stand in its log."""
    seen = SecretRecorder()
    yield seen
    leaked = seen.found_in(log_file.read_text(encoding="utf-8"))
    assert not leaked, f"{len(leaked)} of {len(seen)} secrets stand in the log, the first: {leaked[0][:12]}…"


@pytest.fixture(scope="session")
def postgres_server(engine: str) -> Iterator[str]:
    """Address of a PostgreSQL server: the one of TEST_DATABASE_URL, or one of this test process's own."""
    if (url := external_server_url(os.environ)) is not None:
        yield url
        return
    with PostgresServer() as server:
        yield server.url()


@pytest.fixture(scope="session")
async def database_url(
    request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """An empty database of this test process's own."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'auth.db'}"
        return
    server_url = request.getfixturevalue("postgres_server")
    name = f"auth_api_test_{os.getpid()}"
    yield await create_database(server_url, name)
    await drop_database(server_url, name)


@pytest.fixture(scope="session")
def environ(database_url: str) -> dict[str, str]:
    """The variables that the application of the tests runs with."""
    return {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789",
        "PUBLIC_URL": "http://testserver",
        "RATE_LIMIT_ENABLED": "false",
        "CORS_ORIGINS": '["https://app.example.com"]',
        "BACKGROUND_JOBS": "false",  # tests do such work when they want it
    }


@pytest.fixture(scope="session")
def settings(environ: dict[str, str]) -> Settings:
    return Settings.from_env(environ)


@pytest.fixture(scope="session")
def session_clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(scope="session")
def session_mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
async def app(
    settings: Settings, session_clock: MovableClock, session_mailbox: Mailbox, log_file: Path
) -> AsyncIterator[Litestar]:
    """The application, migrated and started."""
    application = create_app(settings, clock=session_clock, mailer=session_mailbox)
    services: Services = application.state.services
    session_mailbox.delivery = services.delivery
    await migrations.migrate(services.database.engine, APP_NAME)
    async with started(application):
        yield application


@pytest.fixture
def services(app: Litestar, db_session: None) -> Services:
    """The services of the application, for tests below HTTP."""
    services: Services = app.state.services
    return services


@pytest.fixture
async def db_session(app: Litestar) -> None:
    """Empty tables and a closed breaker, at the start: what a broken test left behind harms nobody."""
    services: Services = app.state.services
    bind(services.database.engine)
    breakers.get(SERVICE).close()
    breakers.get(MAIL_SERVICE).close()
    await empty_all_tables()


@pytest.fixture
def clock(session_clock: MovableClock) -> Iterator[MovableClock]:
    """The application's clock, back at the present afterwards."""
    yield session_clock
    session_clock.reset()


@pytest.fixture
def mailbox(session_mailbox: Mailbox, secret_recorder: SecretRecorder, db_session: None) -> Iterator[Mailbox]:
    """Every mail of this test; nothing is sent before it is collected."""
    session_mailbox.sent.clear()
    yield session_mailbox
    session_mailbox.failure = None
    for message in session_mailbox.sent:
        secret_recorder.record_mail(message.text)


@pytest.fixture
async def client(app: Litestar, db_session: None, secret_recorder: SecretRecorder) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client in the application's own event loop, so that requests truly run at once."""
    async with http_client(app, secret_recorder) as opened:
        yield opened


def http_client(
    app: Litestar, seen: SecretRecorder, *, raise_errors: bool = True, address: str = CLIENT_IP
) -> httpx.AsyncClient:
    """Return a client for an application, at an address of the network, which notes the secrets that pass."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast("Any", app), client=(address, 50000), raise_app_exceptions=raise_errors),
        base_url="http://testserver",
        event_hooks={"request": [seen.on_request], "response": [seen.on_response]},
    )


@pytest.fixture
def ada(client: httpx.AsyncClient) -> Actor:
    """Somebody who has not registered yet."""
    return Actor(client)


UserFactory = Callable[..., Awaitable[Actor]]


@pytest.fixture
def user_factory(client: httpx.AsyncClient) -> UserFactory:
    """Return a function that registers somebody; the first is Ada. No mail about that waits to be sent."""
    numbers = iter(range(1000))

    async def make(**fields: Any) -> Actor:
        number = next(numbers)
        username = fields.pop("username", "ada" if number == 0 else f"person{number}")
        actor = Actor(client, username=username, email=fields.pop("email", f"{username}@example.com"))
        actor.password = fields.pop("password", PASSWORD)
        response = await actor.register()
        assert response.status == 201, response.json
        await OutboxRow.delete().where(OutboxRow.template == EMAIL_VERIFICATION.name)
        return actor

    return make


TokenFactory = Callable[..., str]


@pytest.fixture
def valid_token_factory(services: Services) -> TokenFactory:
    """Return a function that signs an access token for any account and session."""

    def make(*, user_id: int, session_id: Any) -> str:
        tokens: AccessTokens = services.sessions.access_tokens
        return tokens.issue(user_id=user_id, session_id=session_id, session_ends_in=timedelta(hours=1)).raw

    return make


@pytest.fixture
def expired_token_factory(valid_token_factory: TokenFactory, clock: MovableClock) -> TokenFactory:
    """Return a function that signs an access token which ended a second ago."""

    def make(*, user_id: int, session_id: Any) -> str:
        clock.move(minutes=-30, seconds=-1)
        try:
            return valid_token_factory(user_id=user_id, session_id=session_id)
        finally:
            clock.move(minutes=30, seconds=1)

    return make


@dataclass
class OtherApp:
    """An application with settings of its own, on the tests' database."""

    app: Litestar
    client: httpx.AsyncClient
    services: Services


OtherAppFactory = Callable[..., AbstractAsyncContextManager[OtherApp]]


@pytest.fixture
def app_with(
    app: Litestar, db_session: None, environ: dict[str, str], clock: MovableClock, secret_recorder: SecretRecorder
) -> OtherAppFactory:
    """Return a context that starts an application with other variables; the usual one works again afterwards.

    Without the documentation, unless it is asked for: describing every operation is a third of what building it costs.
    """
    usual: Services = app.state.services
    kept: list[ServiceBreaker] = [breakers.get(SERVICE), breakers.get(MAIL_SERVICE)]

    @asynccontextmanager
    async def make(*, mailer: Mailer | None = None, **variables: str) -> AsyncIterator[OtherApp]:
        settings = Settings.from_env({**environ, "DOCS_ENABLED": "false", **variables})
        other = create_app(settings, clock=clock, mailer=mailer)
        try:
            async with started(other), http_client(other, secret_recorder) as opened:
                yield OtherApp(other, opened, other.state.services)
        finally:
            bind(usual.database.engine)
            for breaker in kept:
                breakers.install(breaker)

    return make


DeploymentFactory = Callable[..., Awaitable[Deployment]]


@pytest.fixture(scope="session")
async def deployment_factory(
    request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeploymentFactory]:
    """Return a function that makes a folder with a database (migrated or empty), for processes of their own."""
    server_url = request.getfixturevalue("postgres_server") if engine == "postgres" else ""
    names: list[str] = []

    async def make(*, migrated: bool = True) -> Deployment:
        folder = tmp_path_factory.mktemp("deployment")
        if engine == "sqlite":
            return Deployment(folder, f"sqlite:///{folder / 'auth.db'}")
        template, name = f"auth_api_template_{os.getpid()}", f"auth_api_process_{os.getpid()}_{len(names)}"
        if not names:
            url = await create_database(server_url, template)
            run_cli("migrate", env={"DATABASE_URL": url}, cwd=folder).check_returncode()
            names.append(template)
        names.append(name)
        return Deployment(folder, await create_database(server_url, name, template if migrated else None))

    yield make
    for name in names if external_server_url(os.environ) else ():  # a server of our own goes as a whole
        await drop_database(server_url, name)


@pytest.fixture
async def deployment(deployment_factory: DeploymentFactory) -> Deployment:
    """A folder and a database of this test's own."""
    return await deployment_factory()


@pytest.fixture
async def unmigrated(deployment_factory: DeploymentFactory) -> Deployment:
    """A folder and a database of this test's own, which has no tables yet."""
    return await deployment_factory(migrated=False)
