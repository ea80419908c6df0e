"""What is said about a variable that cannot stay as it is: its name, what is wrong, and an example."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

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

GENERATE = "$(auth-api secrets generate)"
NUMBER = "must be a whole number, {}"
SWITCH = "must be true or false"
TEXTS = "must be a JSON list of texts"
TWO_TEXTS = '["one", "two"]'
ORIGINS = "must list exact origins in lower case: scheme, host and port, without a path and without '*'"
REQUEST_CONTEXT = '["https://app.your-company.com"]'
DATABASE = "must be a PostgreSQL or SQLite address"
POSTGRES = "postgresql://user:password@host:5432/auth"
MEMORY = "must name a file: every connection would have a memory of its own"
SHORT = "is shorter than 32 bytes"
MISSING = "is missing: a secret of at least 32 bytes"
GUESSED = "looks like an example or is easy to guess"
HTTPS = "must be this server's https address in production"
IDLE = "must not be larger than SESSION_ABSOLUTE_DAYS"


def refusal(environ: dict[str, str]) -> str:
    """Return what is said about variables that are not accepted."""
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_env(environ)
    return str(refused.value)


@pytest.mark.parametrize(
    ("variable", "text", "problem", "example"),
    [
        ("ENVIRONMENT", "staging", "must be one of development, testing, production", "development"),
        ("PORT", "0", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "65536", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "eighty", NUMBER.format("1 to 65535"), "8000"),
        ("WORKERS", "0", NUMBER.format("1 to 512"), "1"),
        ("REQUEST_HEADER_TIMEOUT", "0", "must be a number, 0.1 to 300", "10"),
        ("REQUEST_BODY_TIMEOUT", "301", "must be a number, 0.1 to 300", "10"),
        ("REQUEST_TIMEOUT", "inf", "must be a number, 0.1 to 300", "10"),
        ("KEEP_ALIVE_TIMEOUT", "3601", "must be a number, 0.1 to 3600", "5"),
        ("MAX_CONNECTIONS", "0", NUMBER.format("1 to 100000"), "1000"),
        ("SHUTDOWN_DELAY", "-1", "must be a number, 0 to 300", "0"),
        ("SHUTDOWN_TIMEOUT", "0", "must be a number, 0.1 to 300", "20"),
        ("PUBLIC_URL", "auth.example.org", "must be an http or https address", "http://127.0.0.1:8000"),
        ("CORS_ORIGINS", "*", ORIGINS, REQUEST_CONTEXT),
        ("CORS_ORIGINS", '["https://*.example.org"]', ORIGINS, REQUEST_CONTEXT),
        ("CORS_ORIGINS", '["https://example.org/"]', ORIGINS, REQUEST_CONTEXT),
        ("CORS_ORIGINS", '["example.org"]', ORIGINS, REQUEST_CONTEXT),
        ("CORS_ORIGINS", "https://a.org,https://b.org", ORIGINS, REQUEST_CONTEXT),
        ("CORS_ORIGINS", "[7]", TEXTS, TWO_TEXTS),
        ("ALLOWED_HOSTS", '["a"', TEXTS, TWO_TEXTS),
        ("DOCS_ENABLED", "maybe", SWITCH, "true"),
        ("METRICS_TOKEN", "fifteen-letters", "must have at least 16 characters", GENERATE),
        ("METRICS_PORT", "0", NUMBER.format("1 to 65535"), "9464"),
        ("METRICS_PORT", "8000", "must not be the port of the API", "9464"),
        ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL", "DEBUG"),
        ("LOG_FORMAT", "xml", "must be one of auto, json, text", "auto"),
        ("DATABASE_URL", "mysql://auth:hunter2@db/auth", DATABASE, POSTGRES),
        ("DATABASE_URL", "auth.db", DATABASE, POSTGRES),
        ("DATABASE_URL", "sqlite://", DATABASE, POSTGRES),
        ("DATABASE_URL", "sqlite:///:memory:", MEMORY, "sqlite:///./auth.db"),
        ("DATABASE_MAX_POOL_SIZE", "0", NUMBER.format("1 to 1000"), "20"),
        ("DATABASE_POOL_TIMEOUT", "0", "must be a number, more than 0", "1"),
        ("DATABASE_CONNECT_TIMEOUT", "soon", "must be a number, more than 0", "2"),
        ("DATABASE_STATEMENT_TIMEOUT", "inf", "must be a number, 0.01 or more", "5"),
        ("DATABASE_STATEMENT_CACHE_SIZE", "-1", NUMBER.format("0 or more"), "100"),
        ("CIRCUIT_BREAKER_THRESHOLD", "0", NUMBER.format("1 or more"), "5"),
        ("CIRCUIT_BREAKER_TIMEOUT", "nan", "must be a number, 1 or more", "60"),
        ("PASSWORD_HASH_MEMORY_KIB", "7", NUMBER.format("8 to 4194304"), "19456"),
        ("PASSWORD_HASH_ITERATIONS", "0", NUMBER.format("1 to 1000"), "2"),
        ("PASSWORD_HASH_PARALLELISM", "17", NUMBER.format("1 to 16"), "1"),
        ("PASSWORD_HASH_QUEUE_SIZE", "-1", NUMBER.format("0 or more"), "100"),
        ("PASSWORD_REQUIRE_COMPLEXITY", "2", SWITCH, "true"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0", NUMBER.format("1 to 1440"), "30"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1.5", NUMBER.format("1 to 1440"), "30"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "0", NUMBER.format("1 to 3650"), "7"),
        ("SESSION_ABSOLUTE_DAYS", "3651", NUMBER.format("1 to 3650"), "30"),
        ("AUDIT_RETENTION_DAYS", "-1", NUMBER.format("0 to 36500"), "365"),
        ("HOUSEKEEPING_INTERVAL", "-1", NUMBER.format("0 to 86400"), "600"),
        ("SESSIONS_PER_ACCOUNT", "0", NUMBER.format("1 to 200"), "50"),
        ("SESSIONS_PER_ACCOUNT", "201", NUMBER.format("1 to 200"), "50"),
        ("REFRESH_GRACE_SECONDS", "61", NUMBER.format("0 to 60"), "30"),
        ("VERIFIED_TOKEN_CACHE_SIZE", "-1", NUMBER.format("0 or more"), "4096"),
        ("JWT_ALGORITHM", "none", "must be one of HS256, EdDSA, ES256, RS256", "HS256"),
        ("JWT_SECRET_KEY", "hunter2", SHORT, GENERATE),
        ("JWT_SECRET_KEY", "a" * 31, SHORT, GENERATE),
        ("JWT_SECRET_KEY", "", MISSING, GENERATE),
        ("TOKEN_DERIVATION_KEY", "hunter2", SHORT, GENERATE),
        ("JWT_PREVIOUS_KEYS", '["hunter2"]', SHORT, GENERATE),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_wrong_and_an_example(
    variable: str, text: str, problem: str, example: str
) -> None:
    assert refusal({**DEVELOPMENT, variable: text}) == f"{variable} {problem}. Example: {variable}={example}"


@pytest.mark.parametrize(
    ("variable", "text", "problem", "example"),
    [
        ("JWT_SECRET_KEY", "", MISSING, GENERATE),
        ("JWT_SECRET_KEY", "your-secret-key-here-your-secret-key-here", GUESSED, GENERATE),
        ("JWT_SECRET_KEY", "CHANGE-me-please-0123456789abcdefghijk", GUESSED, GENERATE),
        ("TOKEN_DERIVATION_KEY", "abcabcabcabcabcabcabcabcabcabcabcabcabc", GUESSED, GENERATE),
        ("DATABASE_URL", "", DATABASE, POSTGRES),
        ("PUBLIC_URL", "http://auth.your-company.com", HTTPS, "https://auth.your-company.com"),
        ("PUBLIC_URL", "", HTTPS, "https://auth.your-company.com"),
        ("PASSWORD_HASH_MEMORY_KIB", "19455", NUMBER.format("19456 to 4194304"), "19456"),
    ],
)
def test_production_refuses_what_is_good_enough_for_development(
    variable: str, text: str, problem: str, example: str
) -> None:
    assert refusal({**PRODUCTION, variable: text}) == f"{variable} {problem}. Example: {variable}={example}"


def test_production_needs_a_key_to_sign_with_whatever_else_is_given() -> None:
    message = refusal({**PRODUCTION, "JWT_SECRET_KEY": "", "TOKEN_DERIVATION_KEY": OTHER_SECRET})

    assert message == f"JWT_SECRET_KEY {MISSING}. Example: JWT_SECRET_KEY={GENERATE}"


def test_production_refuses_several_workers_on_one_file() -> None:
    message = refusal({**PRODUCTION, "DATABASE_URL": "sqlite:////var/lib/auth.db", "WORKERS": "2"})

    assert message == "WORKERS must be 1 with SQLite in production; several need PostgreSQL. Example: WORKERS=1"


def test_production_may_run_on_one_file_with_one_worker() -> None:
    settings = Settings.from_env({**PRODUCTION, "DATABASE_URL": "sqlite:////var/lib/auth.db"})

    assert settings.database.sqlite_path == "/var/lib/auth.db"


def test_a_session_does_not_end_before_its_refresh_tokens() -> None:
    message = refusal({**DEVELOPMENT, "REFRESH_TOKEN_EXPIRE_DAYS": "7", "SESSION_ABSOLUTE_DAYS": "3"})

    assert message == f"REFRESH_TOKEN_EXPIRE_DAYS {IDLE}. Example: REFRESH_TOKEN_EXPIRE_DAYS=3"


def test_everything_that_is_wrong_is_told_at_once_and_no_value_with_it() -> None:
    wrong = {
        "ENVIRONMENT": "production",
        "PORT": "hunter2",
        "DATABASE_URL": "mysql://auth:hunter2@db/auth",
        "PUBLIC_URL": "http://hunter2.example.org",
        "CORS_ORIGINS": '["hunter2"]',
        "LOG_LEVEL": "hunter2",
        "JWT_SECRET_KEY": "hunter2",
        "JWT_ALGORITHM": "hunter2",
        "JWT_PREVIOUS_KEYS": '["hunter2"]',
    }

    message = refusal(wrong)

    assert sorted(line.split()[0] for line in message.splitlines()) == sorted(set(wrong) - {"ENVIRONMENT"})
    assert "hunter2" not in message
