"""Fixtures: the application on a real database, started once per test process; each test begins with empty tables.

The option `--engine sqlite|postgres` selects the database, as Piccolo has one engine per process.
"""

import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from auth_api.app import create_app
from auth_api.events.outbox.delivery import SERVICE as MAIL_SERVICE
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.email_verification.mails import EMAIL_VERIFICATION
from auth_api.kit import deadlines
from auth_api.kit.breaker.breaker import ServiceBreaker, breakers
from auth_api.kit.clock import monotonic
from auth_api.kit.db import migrations
from auth_api.kit.db.database import SERVICE
from auth_api.kit.gcra import Gcra
from auth_api.kit.logging import LogWriter, configure_logging
from auth_api.kit.mail.message import Mailer
from auth_api.kit.outbound.client import Outbound
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.services import Services
from auth_api.sessions.access_tokens import AccessTokens
from auth_api.sessions.claims import Claims
from auth_api.settings import Settings
from auth_api.throttling import repository as throttle_counters
from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.users.tables import UserRow
from tests.support.actors import PASSWORD, Actor
from tests.support.clock import MovableClock, MovableMonotonicClock
from tests.support.deployment import Deployment
from tests.support.lifespan import started
from tests.support.mailbox import Mailbox
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS
from tests.support.passkeys import ORIGIN, RP_ID
from tests.support.postgres import PostgresServer, create_database, drop_database, external_server_url
from tests.support.processes import run_cli
from tests.support.rows import empty_all_tables
from tests.support.secret_recorder import SecretRecorder
from tests.support.upstream.authority import Authority
from tests.support.waiting import LONG_TIMEOUTS, TIMEOUT_SECONDS

OAUTH_NEEDS = {"FRONTEND_URL", "HOSTED_PAGES", "JWT_ISSUER", "PUBLIC_URL"}
"""Variables on which it depends whether the OAuth provider can be on."""

CLIENT_IP = "203.0.113.7"
"""IP address of the test client."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=["sqlite", "postgres"], default="sqlite", help="database to test on")
    parser.addoption("--torture", action="store_true", help="also run the long fault tests")
    parser.addoption("--deployment", action="store_true", help="also run the tests with nginx, Caddy and pgbouncer")
    parser.addoption("--providers", action="store_true", help="also run the tests with oidc-provider and Keycloak")
    parser.addoption("--clients", action="store_true", help="also run the tests with real clients of OAuth")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of the other engine, and those whose option is not given."""
    optional = [
        marker for marker in ("torture", "deployment", "providers", "clients") if not config.getoption(f"--{marker}")
    ]
    selected: list[pytest.Item] = []
    deselected: list[pytest.Item] = []
    for item in items:
        runs = runs_on(item, config.getoption("--engine")) and not any(map(item.get_closest_marker, optional))
        (selected if runs else deselected).append(item)
    config.hook.pytest_deselected(items=deselected)
    items[:] = selected


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


@pytest.fixture(scope="session", autouse=True)
def long_times() -> Iterator[None]:
    """Lengthen the times of the product that no setting changes, as a busy machine may need longer for a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auth_api.doctor.mail.TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.doctor.proxy.TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.events.outbox.delivery.FIRST_DELAY_SECONDS", 3600.0)
        patch.setattr("auth_api.kit.background.MAX_STOP_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.kit.logging.MAX_STOP_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.kit.mail.smtp.STEP_TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.kit.outbound.client.TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.kit.outbound.connections.RESOLVE_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.kit.outbound.connections.CONNECT_SECONDS", TIMEOUT_SECONDS)
        patch.setattr("auth_api.operations.health.service.CHECK_TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        yield


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The log of all tests of this process, as JSON lines."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    writer: LogWriter = configure_logging(level="DEBUG", as_json=True, descriptor=descriptor)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of the tests logs addresses with their secrets
    yield path
    writer.stop()
    os.close(descriptor)


@pytest.fixture(autouse=True)
def unchanged_logging() -> Iterator[None]:
    """Fail a test that replaces the handler of the root logger, which writes the lines of libraries into the log."""
    before = _logs_libraries()
    yield
    assert _logs_libraries() or not before, "an application needs logging_config=None"


def _logs_libraries() -> bool:
    return any(type(handler).__module__ == configure_logging.__module__ for handler in logging.getLogger().handlers)


@pytest.fixture(scope="session")
def secret_recorder(log_file: Path) -> Iterator[SecretRecorder]:
    """The passwords and tokens of all tests; after the last one, the log must not contain any of them."""
    recorder = SecretRecorder()
    yield recorder
    leaked = recorder.found_in(log_file.read_text(encoding="utf-8"))
    assert not leaked, f"{len(leaked)} of {len(recorder)} secrets are in the log, the first: {leaked[0][:12]}…"


@pytest.fixture(scope="session")
def postgres_server(engine: str) -> Iterator[str]:
    """URL of a PostgreSQL server: `TEST_DATABASE_URL`, or a server that is started for this test process."""
    if (url := external_server_url(os.environ)) is not None:
        yield url
        return
    with PostgresServer() as server:
        yield server.url()


@pytest.fixture(scope="session")
async def database_url(
    request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """URL of an empty database for this test process."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'auth.db'}"
        return
    server_url = request.getfixturevalue("postgres_server")
    name = f"auth_api_test_{os.getpid()}"
    yield await create_database(server_url, name)
    await drop_database(server_url, name)


@pytest.fixture(scope="session")
def environ(database_url: str) -> dict[str, str]:
    """The environment variables of the application under test."""
    return {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789",
        "PUBLIC_URL": "http://testserver",
        "RATE_LIMIT_ENABLED": "false",
        "CORS_ORIGINS": '["https://app.example.com"]',
        "COOKIE_ORIGINS": '["https://spa.example.com"]',
        "PASSKEY_RP_ID": RP_ID,
        "PASSKEY_ORIGINS": ORIGIN,
        "OAUTH_ENABLED": "true",
        "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS,
        "MAIL_DELAY_SECONDS": "0",
        "BACKGROUND_JOBS": "false",  # a test runs a job explicitly
        **LONG_TIMEOUTS,
    }


@pytest.fixture(scope="session")
def settings(environ: dict[str, str]) -> Settings:
    return Settings.from_env(environ)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the certificates of servers that the application calls."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def session_clock() -> MovableClock:
    return MovableClock()


@pytest.fixture(scope="session")
def session_mailbox() -> Mailbox:
    return Mailbox()


def stop_breaker_clocks() -> None:
    """Let the circuit breakers stay open until they are closed, however long a test takes."""
    for service in breakers.snapshot():
        breakers.get(service)._clock = MovableMonotonicClock()  # noqa: SLF001 - only the application creates them


@pytest.fixture(scope="session")
async def app(
    settings: Settings, session_clock: MovableClock, session_mailbox: Mailbox, log_file: Path
) -> AsyncIterator[Litestar]:
    """The application under test, migrated and started."""
    application = create_app(settings, clock=session_clock, mailer=session_mailbox)
    stop_breaker_clocks()
    services: Services = application.state.services
    session_mailbox.delivery = services.of(Delivery)
    await migrations.migrate(services.core.database.engine, APP_NAME)
    async with started(application):
        yield application


@pytest.fixture
def services(app: Litestar, db_session: None) -> Services:
    """The services of the application, for tests that do not use HTTP."""
    services: Services = app.state.services
    return services


@pytest.fixture
async def db_session(app: Litestar) -> None:
    """Empty tables and closed circuit breakers at the start of the test, whatever the previous test left behind."""
    services: Services = app.state.services
    bind(services.core.database.engine)
    breakers.get(SERVICE).close()
    breakers.get(MAIL_SERVICE).close()
    await empty_all_tables()


@pytest.fixture
def clock(session_clock: MovableClock) -> Iterator[MovableClock]:
    """The application's clock, which is reset after the test."""
    yield session_clock
    session_clock.reset()


@pytest.fixture
def mailbox(session_mailbox: Mailbox, secret_recorder: SecretRecorder, db_session: None) -> Iterator[Mailbox]:
    """The mails of this test; they are sent when the test collects them."""
    session_mailbox.sent.clear()
    yield session_mailbox
    session_mailbox.failure = None
    session_mailbox.loses_reply = False
    for message in session_mailbox.sent:
        secret_recorder.record_mail(message.text)


@pytest.fixture
async def client(app: Litestar, db_session: None, secret_recorder: SecretRecorder) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client in the event loop of the application, so that requests run concurrently."""
    async with http_client(app, secret_recorder) as opened:
        yield opened


def http_client(
    app: Litestar, recorder: SecretRecorder, *, raise_errors: bool = True, client_ip: str = CLIENT_IP
) -> httpx.AsyncClient:
    """Return an HTTP client with this IP address, which records passwords and tokens."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(
            app=cast("Any", app), client=(client_ip, 50000), raise_app_exceptions=raise_errors
        ),
        base_url="http://testserver",
        event_hooks={"request": [recorder.on_request], "response": [recorder.on_response]},
    )


@pytest.fixture
def ada(client: httpx.AsyncClient) -> Actor:
    """A person who has not registered yet."""
    return Actor(client)


UserFactory = Callable[..., Awaitable[Actor]]


@pytest.fixture
def user_factory(client: httpx.AsyncClient) -> UserFactory:
    """A function that registers a user, first Ada; the verification mail is removed from the outbox.

    With `is_verified=True` the e-mail address is verified: mails about the account are sent only then.
    """
    numbers = iter(range(1000))

    async def make(**fields: Any) -> Actor:
        number = next(numbers)
        is_verified = fields.pop("is_verified", False)
        username = fields.pop("username", "ada" if number == 0 else f"person{number}")
        actor = Actor(client, username=username, email=fields.pop("email", f"{username}@example.com"))
        actor.password = fields.pop("password", PASSWORD)
        response = await actor.register()
        assert response.status == 201, response.json
        await OutboxRow.delete().where(OutboxRow.template == EMAIL_VERIFICATION.name)
        if is_verified:
            verified: dict[Any, Any] = {UserRow.email_verified_at: UserRow.created_at}
            await UserRow.update(verified).where(UserRow.username == username)
        return actor

    return make


TokenFactory = Callable[..., str]


@pytest.fixture
def valid_token_factory(services: Services) -> TokenFactory:
    """A function that signs an access token for any user and session."""

    def make(*, user_id: int, session_id: Any) -> str:
        tokens: AccessTokens = services.core.sessions.access_tokens
        now = datetime.now(tz=UTC)
        claims = Claims(user_id=user_id, session_id=session_id, amr=("pwd",), auth_time=now, mfa_at=None, now=now)
        return tokens.issue(claims, session_ends_in=timedelta(hours=1)).raw

    return make


@pytest.fixture
def expired_token_factory(valid_token_factory: TokenFactory, clock: MovableClock) -> TokenFactory:
    """A function that signs an access token that expired a second ago."""

    def make(*, user_id: int, session_id: Any) -> str:
        clock.move(minutes=-30, seconds=-1)
        try:
            return valid_token_factory(user_id=user_id, session_id=session_id)
        finally:
            clock.move(minutes=30, seconds=1)

    return make


@dataclass
class OtherApp:
    """A second application with different settings, on the database of the tests."""

    app: Litestar
    client: httpx.AsyncClient
    services: Services


OtherAppFactory = Callable[..., AbstractAsyncContextManager[OtherApp]]


@pytest.fixture
def limit_clock(monkeypatch: pytest.MonkeyPatch) -> MovableMonotonicClock:
    """The clock of the limits that are counted in memory, which stands still until a test moves it.

    The time of the limits that the database counts stands still, too; `age_counters` replaces its progress. Otherwise
    what has to wait, or refills, would depend on the speed of the machine.
    """
    stopped = MovableMonotonicClock()
    for counter in (ClientIpLimits, Gcra):
        monkeypatch.setattr(f"auth_api.app.{counter.__name__}", partial(counter, clock=stopped))
    now = f"CAST({int(time.time())} AS double precision)"
    monkeypatch.setattr(throttle_counters, "EPOCH_NOW", now)
    monkeypatch.setattr(throttle_counters, "_WINDOW_HAS_ENDED", f"throttle_counters.window_ends_at <= {now}")
    return stopped


@pytest.fixture
def deadline_clock(monkeypatch: pytest.MonkeyPatch) -> MovableMonotonicClock:
    """The clock of all deadlines of this process, which stands still until the test moves it.

    Their timers run in real time: a deadline that the moved clock has passed expires within its time limit.
    """
    stopped = MovableMonotonicClock(monotonic())
    monkeypatch.setattr(deadlines, "monotonic", stopped)
    return stopped


@pytest.fixture
def app_with(  # noqa: PLR0913, PLR0917 - fixtures
    app: Litestar,
    db_session: None,
    environ: dict[str, str],
    clock: MovableClock,
    limit_clock: MovableMonotonicClock,
    secret_recorder: SecretRecorder,
) -> OtherAppFactory:
    """A context manager that starts a second application with further environment variables.

    The API documentation is disabled unless a variable enables it, as it takes a third of the time to build the
    application. So is the OAuth provider if a variable changes what it needs. At the end of the context, the tables and
    circuit breakers belong to the first application again.
    """
    first: Services = app.state.services
    first_breakers: list[ServiceBreaker] = [breakers.get(SERVICE), breakers.get(MAIL_SERVICE)]

    @asynccontextmanager
    async def make(
        *, mailer: Mailer | None = None, outbound: Outbound | None = None, **variables: str
    ) -> AsyncIterator[OtherApp]:
        oauth = {} if variables.keys().isdisjoint(OAUTH_NEEDS) else {"OAUTH_ENABLED": "false"}
        settings = Settings.from_env({**environ, "DOCS_ENABLED": "false", **oauth, **variables})
        other = create_app(settings, clock=clock, mailer=mailer, outbound=outbound)
        stop_breaker_clocks()
        try:
            async with started(other), http_client(other, secret_recorder) as opened:
                yield OtherApp(other, opened, other.state.services)
        finally:
            bind(first.core.database.engine)
            breakers._breakers.clear()  # noqa: SLF001 - an application never ends before its process
            for breaker in first_breakers:
                breakers.install(breaker)

    return make


DeploymentFactory = Callable[..., Awaitable[Deployment]]


@pytest.fixture(scope="session")
async def deployment_factory(
    request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DeploymentFactory]:
    """A function that creates a folder and a database (migrated or empty) for server processes and commands."""
    server_url = request.getfixturevalue("postgres_server") if engine == "postgres" else ""
    names: list[str] = []

    async def make(*, migrated: bool = True) -> Deployment:
        folder = tmp_path_factory.mktemp("deployment")
        if engine == "sqlite":
            return Deployment(folder, f"sqlite:///{folder / 'auth.db'}", LONG_TIMEOUTS)
        template, name = f"auth_api_template_{os.getpid()}", f"auth_api_process_{os.getpid()}_{len(names)}"
        if not names:
            url = await create_database(server_url, template)
            run_cli("migrate", env={"DATABASE_URL": url}, cwd=folder).check_returncode()
            names.append(template)
        names.append(name)
        url = await create_database(server_url, name, template if migrated else None)
        return Deployment(folder, url, LONG_TIMEOUTS)

    yield make
    for name in names if external_server_url(os.environ) else ():  # a server of this process is removed as a whole
        await drop_database(server_url, name)


@pytest.fixture
async def deployment(deployment_factory: DeploymentFactory) -> Deployment:
    """A folder and a migrated database for this test."""
    return await deployment_factory()


@pytest.fixture
async def unmigrated(deployment_factory: DeploymentFactory) -> Deployment:
    """A folder and a database without tables for this test."""
    return await deployment_factory(migrated=False)
