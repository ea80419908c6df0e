"""Defaults of the settings in each environment, and the effect of each variable."""

from datetime import timedelta
from typing import Any

import pytest

from auth_api.settings import Settings
from tests.support.setting_values import setting_values

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
OTHER_SECRET = "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"

DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
    "JWT_SECRET_KEY": SECRET,
}


def value_of(settings: Settings, path: str) -> Any:
    policies = {kind.__name__: policy for kind, policy in settings.of_features.items()}
    first, *names = path.split(".")
    value: Any = policies[first] if first in policies else getattr(settings, first)
    for name in names:
        value = getattr(value, name)
    return value


DEFAULTS = {
    "environment": "development",
    "server.host": "127.0.0.1",
    "server.port": 8000,
    "server.workers": 1,
    "server.header_timeout": 10,
    "server.body_timeout": 10,
    "server.request_timeout": 10,
    "server.keep_alive_timeout": 5,
    "server.max_connections": 1000,
    "server.shutdown_delay": 0,
    "server.shutdown_timeout": 20,
    "http.public_url": "http://localhost:8000",
    "http.cors_origins": (),
    "http.cors_headers": (),
    "http.allowed_hosts": (),
    "http.docs_enabled": True,
    "logging.level": "DEBUG",
    "logging.format": "auto",
    "metrics.token": None,
    "metrics.port": None,
    "metrics.is_open": True,
    "database.sqlite_path": "./auth.db",
    "database.postgres_dsn": None,
    "database.max_pool_size": 20,
    "database.pool_timeout": 1,
    "database.connect_timeout": 2,
    "database.statement_timeout": 5,
    "database.statement_cache_size": 100,
    "breaker.failure_threshold": 5,
    "breaker.longest_open_seconds": 60,
    "breaker.half_open_attempts": 1,
    "hashing.memory_kib": 19456,
    "hashing.iterations": 2,
    "hashing.parallelism": 1,
    "hashing.queue_size": 100,
    "hashing.queue_timeout": 1,
    "passwords.require_complexity": True,
    "passwords.min_length": 12,
    "sessions.issuer": "http://localhost:8000",
    "sessions.audience": "auth_api",
    "sessions.access_ttl": timedelta(minutes=30),
    "sessions.idle_ttl": timedelta(days=7),
    "sessions.absolute_ttl": timedelta(days=30),
    "sessions.refresh_grace": timedelta(seconds=120),
    "sessions.per_account": 50,
    "sessions.verified_cache_size": 4096,
    "AuditPolicy.retention": timedelta(days=365),
    "HousekeepingPolicy.interval": 600,
}


@pytest.mark.parametrize(("path", "value"), DEFAULTS.items(), ids=DEFAULTS)
def test_development_needs_only_a_secret(path: str, value: Any) -> None:
    settings = Settings.from_env(DEVELOPMENT)

    assert value_of(settings, path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("environment", "testing"),
        ("logging.level", "INFO"),
        ("hashing.memory_kib", 8),
        ("hashing.iterations", 1),
        ("http.docs_enabled", True),
    ],
)
def test_testing_has_cheap_hashing(path: str, value: Any) -> None:
    settings = Settings.from_env({**DEVELOPMENT, "ENVIRONMENT": "testing"})

    assert value_of(settings, path) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("environment", "production"),
        ("logging.level", "INFO"),
        ("http.docs_enabled", False),
        ("metrics.is_open", False),
        ("server.shutdown_delay", 5),
        ("http.cors_origins", ()),
        ("http.public_url", "https://auth.your-company.com"),
        ("sessions.issuer", "https://auth.your-company.com"),
        ("hashing.memory_kib", 19456),
        ("database.postgres_dsn", "postgresql://auth:hunter2@db.internal:5432/auth"),
        ("database.sqlite_path", None),
        ("is_production", True),
    ],
)
def test_production_has_strict_defaults(path: str, value: Any) -> None:
    settings = Settings.from_env(PRODUCTION)

    assert value_of(settings, path) == value


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("ENVIRONMENT", "Testing", "environment", "testing"),
        ("ENVIRONMENT", "testing", "http.public_url", "http://127.0.0.1:8000"),
        ("HOST", "0.0.0.0", "server.host", "0.0.0.0"),  # noqa: S104 - a usual value
        ("PORT", "9000", "server.port", 9000),
        ("PORT", "9000", "http.public_url", "http://localhost:9000"),
        ("WORKERS", "4", "server.workers", 4),
        ("REQUEST_HEADER_TIMEOUT", "0.5", "server.header_timeout", 0.5),
        ("REQUEST_BODY_TIMEOUT", "30", "server.body_timeout", 30),
        ("REQUEST_TIMEOUT", "5", "server.request_timeout", 5),
        ("KEEP_ALIVE_TIMEOUT", "65", "server.keep_alive_timeout", 65),
        ("MAX_CONNECTIONS", "200", "server.max_connections", 200),
        ("SHUTDOWN_DELAY", "2.5", "server.shutdown_delay", 2.5),
        ("SHUTDOWN_TIMEOUT", "60", "server.shutdown_timeout", 60),
        ("PUBLIC_URL", "https://auth.example.org/", "http.public_url", "https://auth.example.org"),
        ("PUBLIC_URL", "https://auth.example.org/", "sessions.issuer", "https://auth.example.org"),
        (
            "CORS_ORIGINS",
            '["https://a.org", "http://b.org:81"]',
            "http.cors_origins",
            ("https://a.org", "http://b.org:81"),
        ),
        ("CORS_ORIGINS", "https://a.org", "http.cors_origins", ("https://a.org",)),
        ("CORS_ORIGINS", "https://a.org,http://b.org:81", "http.cors_origins", ("https://a.org", "http://b.org:81")),
        (
            "CORS_ORIGINS",
            " https://a.org , http://b.org:81, ",
            "http.cors_origins",
            ("https://a.org", "http://b.org:81"),
        ),
        ("ALLOWED_HOSTS", "[::1],auth.example.org", "http.allowed_hosts", ("[::1]", "auth.example.org")),
        ("CORS_ORIGINS", "[]", "http.cors_origins", ()),
        ("CORS_HEADERS", '["X-Client", "b3"]', "http.cors_headers", ("x-client", "b3")),
        ("ALLOWED_HOSTS", '["auth.example.org"]', "http.allowed_hosts", ("auth.example.org",)),
        ("DOCS_ENABLED", "false", "http.docs_enabled", False),
        ("DOCS_ENABLED", "No", "http.docs_enabled", False),
        ("LOG_LEVEL", "warning", "logging.level", "WARNING"),
        ("LOG_FORMAT", "JSON", "logging.format", "json"),
        ("METRICS_TOKEN", "sixteen-letters-", "metrics.token", "sixteen-letters-"),
        ("METRICS_PORT", "9464", "metrics.port", 9464),
        ("DATABASE_URL", "sqlite:////var/lib/auth.db", "database.sqlite_path", "/var/lib/auth.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///./x.db", "database.sqlite_path", "./x.db"),
        ("DATABASE_URL", "postgres://a@b/c", "database.postgres_dsn", "postgresql://a@b/c"),
        (
            "DATABASE_URL",
            "postgresql+asyncpg://a@b/c?sslmode=require",
            "database.postgres_dsn",
            "postgresql://a@b/c?sslmode=require",
        ),
        ("DATABASE_MAX_POOL_SIZE", "3", "database.max_pool_size", 3),
        ("DATABASE_POOL_TIMEOUT", "0.5", "database.pool_timeout", 0.5),
        ("DATABASE_CONNECT_TIMEOUT", "3", "database.connect_timeout", 3),
        ("DATABASE_STATEMENT_TIMEOUT", "7.5", "database.statement_timeout", 7.5),
        ("DATABASE_STATEMENT_CACHE_SIZE", "0", "database.statement_cache_size", 0),
        ("CIRCUIT_BREAKER_THRESHOLD", "9", "breaker.failure_threshold", 9),
        ("CIRCUIT_BREAKER_TIMEOUT", "15", "breaker.longest_open_seconds", 15),
        ("CIRCUIT_BREAKER_HALF_OPEN_ATTEMPTS", "3", "breaker.half_open_attempts", 3),
        ("PASSWORD_HASH_MEMORY_KIB", "65536", "hashing.memory_kib", 65536),
        ("PASSWORD_HASH_ITERATIONS", "3", "hashing.iterations", 3),
        ("PASSWORD_HASH_PARALLELISM", "2", "hashing.parallelism", 2),
        ("PASSWORD_HASH_THREADS", "7", "hashing.threads", 7),
        ("PASSWORD_HASH_QUEUE_SIZE", "0", "hashing.queue_size", 0),
        ("PASSWORD_HASH_QUEUE_TIMEOUT", "0.5", "hashing.queue_timeout", 0.5),
        ("PASSWORD_REQUIRE_COMPLEXITY", "off", "passwords.require_complexity", False),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "5", "sessions.access_ttl", timedelta(minutes=5)),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "14", "sessions.idle_ttl", timedelta(days=14)),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "60", "sessions.absolute_ttl", timedelta(days=60)),
        ("SESSION_ABSOLUTE_DAYS", "90", "sessions.absolute_ttl", timedelta(days=90)),
        ("REFRESH_GRACE_SECONDS", "0", "sessions.refresh_grace", timedelta(0)),
        ("TOKEN_METADATA_CLAIMS", '["plan", "a.b"]', "sessions.metadata_claims", ("plan", "a.b")),
        ("SESSIONS_PER_ACCOUNT", "3", "sessions.per_account", 3),
        ("AUDIT_RETENTION_DAYS", "30", "AuditPolicy.retention", timedelta(days=30)),
        ("AUDIT_RETENTION_DAYS", "0", "AuditPolicy.retention", None),
        ("HOUSEKEEPING_INTERVAL", "30", "HousekeepingPolicy.interval", 30),
        ("HOUSEKEEPING_INTERVAL", "0", "HousekeepingPolicy.interval", 0),
        ("JWT_ISSUER", "me", "sessions.issuer", "me"),
        ("JWT_AUDIENCE", "them", "sessions.audience", "them"),
        ("VERIFIED_TOKEN_CACHE_SIZE", "0", "sessions.verified_cache_size", 0),
        ("TOKEN_DERIVATION_KEY", OTHER_SECRET, "sessions.derivation_secrets", (OTHER_SECRET.encode(), SECRET.encode())),
        ("JWT_NEXT_KEY", OTHER_SECRET, "sessions.derivation_secrets", (SECRET.encode(), OTHER_SECRET.encode())),
        ("JWT_PREVIOUS_KEYS", OTHER_SECRET, "sessions.derivation_secrets", (SECRET.encode(), OTHER_SECRET.encode())),
    ],
)
def test_variable_sets_its_field(variable: str, text: str, path: str, value: Any) -> None:
    settings = Settings.from_env({**DEVELOPMENT, variable: text})

    assert value_of(settings, path) == value


@pytest.mark.parametrize(("workers", "threads"), [("1", 3), ("2", 1), ("8", 1)])
def test_hashing_threads_divide_the_usable_cores_by_the_workers(
    monkeypatch: pytest.MonkeyPatch, workers: str, threads: int
) -> None:
    """More threads than cores would only need more memory; a server may be pinned to some cores of the machine."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 4, 5})

    assert Settings.from_env({**DEVELOPMENT, "WORKERS": workers}).hashing.threads == threads


@pytest.mark.parametrize("variable", ["PORT", "LOG_LEVEL", "CORS_ORIGINS", "DATABASE_URL", "DOCS_ENABLED"])
@pytest.mark.parametrize("blank", ["", " "], ids=["empty", "a space"])
def test_blank_variable_counts_as_not_set(variable: str, blank: str) -> None:
    settings = Settings.from_env({**DEVELOPMENT, variable: blank})

    assert setting_values(settings) == setting_values(Settings.from_env(DEVELOPMENT))
