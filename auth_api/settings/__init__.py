"""All settings: one frozen policy per package, parsed once from a mapping, every mistake told at once."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import msgspec

from auth_api.events.audit.policy import AuditPolicy
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.crypto.passwords import HashingPolicy
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.operations.health.policy import MIN_TOKEN_LENGTH, MetricsPolicy
from auth_api.operations.housekeeping.policy import HousekeepingPolicy
from auth_api.sessions.policy import SessionPolicy
from auth_api.settings.environment import DEFAULT_DATABASE_URL
from auth_api.settings.http import HttpPolicy, read_http
from auth_api.settings.keys import GENERATE, read_keys
from auth_api.settings.mail import read_mail, read_mailboxes
from auth_api.settings.reader import Reader
from auth_api.settings.server import ServerPolicy, processors, read_server
from auth_api.throttling.policy import ThrottlingPolicy, address_limits
from auth_api.users.policy import PasswordPolicy, VerificationPolicy

USUAL_METRICS_PORT: Final = 9464
"""What is shown as an example: metrics have a port of their own only where one is named."""

_OWASP_FLOORS: Final = (47104, 19456, 12288, 9216, 7168)
"""KiB that argon2id needs at 1, 2, 3, 4, 5 and more iterations (OWASP Password Storage Cheat Sheet)."""

_MAX_HASH_KIB: Final = 4 * 1024 * 1024

_POSTGRES_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")
_SQLITE_SCHEMES: Final = ("sqlite", "sqlite+aiosqlite")


class Environment(StrEnum):
    """What kind of place this is."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class LogPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How much is logged, and in which form; `auto` is text on a development terminal and JSON elsewhere."""

    level: str = "INFO"
    format: str = "auto"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the environment decides."""

    environment: Environment
    server: ServerPolicy
    http: HttpPolicy
    logging: LogPolicy
    metrics: MetricsPolicy
    database: DatabasePolicy
    breaker: BreakerPolicy
    hashing: HashingPolicy
    passwords: PasswordPolicy
    throttling: ThrottlingPolicy
    sessions: SessionPolicy
    audit: AuditPolicy
    housekeeping: HousekeepingPolicy
    mail: MailPolicy
    verification_policy: VerificationPolicy
    background_jobs: bool = True

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Parse the variables that docs and README list.

        Raises:
            InvalidSettingsError: with every variable that is missing or wrong.
        """
        read = Reader(environ)
        environment = Environment(read.choice("ENVIRONMENT", [*Environment], Environment.DEVELOPMENT))
        server = read_server(read, production=environment is Environment.PRODUCTION)
        http = read_http(read, port=server.port, production=environment is Environment.PRODUCTION)
        mail = read_mail(
            read,
            public_url=http.public_url,
            development=environment is Environment.DEVELOPMENT,
            production=environment is Environment.PRODUCTION,
        )
        settings = cls(
            environment=environment,
            server=server,
            http=http,
            logging=_logging(read, environment),
            metrics=_metrics(read, environment, server),
            database=_database(read, environment, server),
            breaker=BreakerPolicy(
                failure_threshold=read.integer("CIRCUIT_BREAKER_THRESHOLD", 5, at_least=1),
                longest_open_seconds=read.number("CIRCUIT_BREAKER_TIMEOUT", 60, at_least=1),
                half_open_attempts=read.integer("CIRCUIT_BREAKER_HALF_OPEN_ATTEMPTS", 1, at_least=1),
            ),
            hashing=_hashing(read, environment, server),
            passwords=PasswordPolicy(require_complexity=read.boolean("PASSWORD_REQUIRE_COMPLEXITY", default=True)),
            throttling=_throttling(read),
            mail=mail,
            verification_policy=read_mailboxes(read, mail),
            background_jobs=read.boolean("BACKGROUND_JOBS", default=True),
            sessions=_sessions(read, http, environment),
            audit=AuditPolicy(
                retention=timedelta(days=read.integer("AUDIT_RETENTION_DAYS", 365, at_least=0, at_most=36500)) or None
            ),
            housekeeping=HousekeepingPolicy(
                interval=read.integer("HOUSEKEEPING_INTERVAL", 600, at_least=0, at_most=86400)
            ),
        )
        read.raise_problems()
        return settings

    @property
    def is_production(self) -> bool:
        """Tell whether strangers may reach it."""
        return self.environment is Environment.PRODUCTION


def _throttling(read: Reader) -> ThrottlingPolicy:
    factor = read.integer("RATE_LIMIT_FACTOR", 1, at_least=1)
    return ThrottlingPolicy(
        enabled=read.boolean("RATE_LIMIT_ENABLED", default=True),
        addresses=address_limits(
            login_requests=read.integer("RATE_LIMIT_REQUESTS", 5, at_least=1),
            login_window=read.integer("RATE_LIMIT_WINDOW", 60, at_least=1),
            factor=factor,
        ),
        requests_per_second=50 * factor,
    )


def _logging(read: Reader, environment: Environment) -> LogPolicy:
    levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    default = "DEBUG" if environment is Environment.DEVELOPMENT else "INFO"
    return LogPolicy(
        level=read.choice("LOG_LEVEL", levels, default),
        format=read.choice("LOG_FORMAT", ["auto", "json", "text"], "auto"),
    )


def _metrics(read: Reader, environment: Environment, server: ServerPolicy) -> MetricsPolicy:
    token = read.text("METRICS_TOKEN", "")
    if token and len(token) < MIN_TOKEN_LENGTH:
        read.problem("METRICS_TOKEN", f"must have at least {MIN_TOKEN_LENGTH} characters", f"$({GENERATE})")
    port = (
        read.integer("METRICS_PORT", USUAL_METRICS_PORT, at_least=1, at_most=65535)
        if read.given("METRICS_PORT")
        else None
    )
    if port == server.port:
        read.problem("METRICS_PORT", "must not be the port of the API", str(USUAL_METRICS_PORT))
    return MetricsPolicy(token=token or None, port=port, is_open=environment is not Environment.PRODUCTION)


def _database(read: Reader, environment: Environment, server: ServerPolicy) -> DatabasePolicy:
    production = environment is Environment.PRODUCTION
    url = read.text("DATABASE_URL", "" if production else DEFAULT_DATABASE_URL)
    scheme, _, rest = url.partition("://")
    path = rest.removeprefix("/").split("?")[0] if scheme in _SQLITE_SCHEMES else None
    if scheme not in (*_POSTGRES_SCHEMES, *_SQLITE_SCHEMES) or path == "":
        read.problem(
            "DATABASE_URL", "must be a PostgreSQL or SQLite address", "postgresql://user:password@host:5432/auth"
        )
    elif path is None and not _is_postgres_address(url):
        read.problem(
            "DATABASE_URL",
            "cannot be read: write special characters of the password as %XX ('/' is %2F)",
            "postgresql://user:se%2Fcret@host:5432/auth",
        )
    elif path == ":memory:":
        read.problem(
            "DATABASE_URL", "must name a file: every connection would have a memory of its own", DEFAULT_DATABASE_URL
        )
    elif path is not None and production and server.workers > 1:
        read.problem("WORKERS", "must be 1 with SQLite in production; several need PostgreSQL", "1")
    return DatabasePolicy(
        sqlite_path=path,
        postgres_dsn=f"postgresql://{rest}" if path is None else None,
        max_pool_size=read.integer("DATABASE_MAX_POOL_SIZE", 20, at_least=1, at_most=1000),
        pool_timeout=read.number("DATABASE_POOL_TIMEOUT", 1, above=0),
        connect_timeout=read.number("DATABASE_CONNECT_TIMEOUT", 2, above=0),
        statement_timeout=read.number("DATABASE_STATEMENT_TIMEOUT", 5, at_least=0.01),
        statement_cache_size=read.integer("DATABASE_STATEMENT_CACHE_SIZE", 100, at_least=0),
        creates_file=not production,
    )


def _is_postgres_address(url: str) -> bool:
    try:
        port = urlsplit(url).port  # a '/' in the password ends the address early
    except ValueError:
        return False
    return port != 0


def _hashing(read: Reader, environment: Environment, server: ServerPolicy) -> HashingPolicy:
    # RFC 9106 §3.1 asks for 8 KiB per lane at least; the floor in production is OWASP's.
    cheap = environment is Environment.TESTING
    parallelism = read.integer("PASSWORD_HASH_PARALLELISM", 1, at_least=1, at_most=16)
    iterations = read.integer("PASSWORD_HASH_ITERATIONS", 1 if cheap else 2, at_least=1, at_most=1000)
    wanted = _OWASP_FLOORS[min(iterations, len(_OWASP_FLOORS)) - 1] if environment is Environment.PRODUCTION else 0
    floor = max(wanted, 8 * parallelism)
    default = floor if cheap else 19456
    return HashingPolicy(
        memory_kib=read.integer("PASSWORD_HASH_MEMORY_KIB", default, at_least=floor, at_most=_MAX_HASH_KIB),
        iterations=iterations,
        parallelism=parallelism,
        threads=read.integer("PASSWORD_HASH_THREADS", max(1, processors() // server.workers), at_least=1),
        queue_size=read.integer("PASSWORD_HASH_QUEUE_SIZE", 100, at_least=0),
        queue_timeout=read.number("PASSWORD_HASH_QUEUE_TIMEOUT", 1, above=0),
    )


def _sessions(read: Reader, http: HttpPolicy, environment: Environment) -> SessionPolicy:
    idle_days = read.integer("REFRESH_TOKEN_EXPIRE_DAYS", 7, at_least=1, at_most=3650)
    absolute_days = read.integer("SESSION_ABSOLUTE_DAYS", max(30, idle_days), at_least=1, at_most=3650)
    if idle_days > absolute_days:
        read.problem("REFRESH_TOKEN_EXPIRE_DAYS", "must not be larger than SESSION_ABSOLUTE_DAYS", str(absolute_days))
    access_minutes = read.integer("ACCESS_TOKEN_EXPIRE_MINUTES", 30, at_least=1, at_most=1440)
    grace_seconds = read.integer("REFRESH_GRACE_SECONDS", 30, at_least=0, at_most=60)
    per_account = read.integer("SESSIONS_PER_ACCOUNT", 50, at_least=1, at_most=200)
    cache_size = read.integer("VERIFIED_TOKEN_CACHE_SIZE", 4096, at_least=0)
    keys, derivation_secrets = read_keys(
        read, is_production=environment is Environment.PRODUCTION
    )  # last: without a key nothing goes on
    return SessionPolicy(
        keys=keys,
        derivation_secrets=derivation_secrets,
        issuer=read.text("JWT_ISSUER", http.public_url),
        audience=read.text("JWT_AUDIENCE", "auth_api"),
        access_ttl=timedelta(minutes=access_minutes),
        idle_ttl=timedelta(days=idle_days),
        absolute_ttl=timedelta(days=absolute_days),
        refresh_grace=timedelta(seconds=grace_seconds),
        per_account=per_account,
        verified_cache_size=cache_size,
    )
