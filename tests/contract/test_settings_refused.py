"""Errors for invalid variables: the name, what is wrong, and an example."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
OTHER_SECRET = "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"

KEYS = "must list keys of 1 to 64 characters of A-Z, a-z, 0-9, '_', '.' and '-'"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
    "JWT_SECRET_KEY": SECRET,
}

GENERATE = "Run auth-api secrets generate, and paste what it prints."
PREVIOUS = "List the keys that signed before, as auth-api keys rotate sets it, or remove it."
NUMBER = "must be a whole number, {}"
WHOLE = "must be a whole number of {}, {}"
SECONDS = "must be a number of seconds, {}"
SWITCH = "must be true or false"
TEXTS = "must be a JSON list of texts, or texts separated by commas"
ORIGINS = (
    "must be an origin as browsers send it: scheme://host or scheme://host:port, in lower case, "
    "without a path and without '*'"
)
SITES = "must list http and https origins: the web view of an app sends no cookies of this server"
HEADERS = "must list names of headers, without '*'"
APP_ORIGIN = '["https://app.your-company.com"]'
DATABASE = "must be a PostgreSQL or SQLite URL"
POSTGRES = "postgresql://user:password@host:5432/auth"
HOSTS = "must list host names or IP addresses, without scheme and port"
MEMORY = "must name a file: each connection would have a database of its own in memory"
TOKEN = "must have at least 16 characters, all of them printable ASCII"
SHORT = "is shorter than 32 bytes"
BASE_URL = "must be an http or https URL with a host, and without a user, blanks, query and fragment"
MISSING = "is missing: a secret of at least 32 bytes"
GUESSED = "looks like an example or is easy to guess"
HTTPS = "must be this server's https URL in production"
OWASP = "OWASP's minimum in production with PASSWORD_HASH_ITERATIONS={}"
IDLE = "must not be larger than SESSION_ABSOLUTE_DAYS"


def error_text(environ: dict[str, str]) -> str:
    """Return the text of the error that these variables raise."""
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value)


def remedy(variable: str, example: str) -> str:
    """Return the end of the text: a sentence, or a valid value."""
    return f" {example}".rstrip() if example in {"", GENERATE, PREVIOUS} else f" Example: {variable}={example}"


@pytest.mark.parametrize(
    ("variable", "text", "problem", "example"),
    [
        ("ENVIRONMENT", "staging", "must be one of development, testing, production", "development"),
        ("PORT", "0", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "65536", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "8_000", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "\u0668\u0660\u0660\u0660", NUMBER.format("1 to 65535"), "8000"),
        ("PORT", "eighty", NUMBER.format("1 to 65535"), "8000"),
        ("WORKERS", "0", NUMBER.format("1 to 512"), "1"),
        ("REQUEST_HEADER_TIMEOUT", "0", SECONDS.format("0.1 to 300"), "10"),
        ("REQUEST_BODY_TIMEOUT", "301", SECONDS.format("0.1 to 300"), "10"),
        ("REQUEST_TIMEOUT", "inf", SECONDS.format("0.1 to 300"), "10"),
        ("KEEP_ALIVE_TIMEOUT", "3601", SECONDS.format("0.1 to 3600"), "5"),
        ("MAX_CONNECTIONS", "0", NUMBER.format("1 to 100000"), "1000"),
        ("SHUTDOWN_DELAY", "-1", SECONDS.format("0 to 300"), "0"),
        ("SHUTDOWN_TIMEOUT", "0", SECONDS.format("0.1 to 300"), "20"),
        ("PUBLIC_URL", "auth.example.org", BASE_URL, "https://auth.your-company.com"),
        ("CORS_ORIGINS", "*", ORIGINS, APP_ORIGIN),
        ("CORS_ORIGINS", '["https://*.example.org"]', ORIGINS, APP_ORIGIN),
        ("CORS_ORIGINS", '["https://example.org/"]', ORIGINS, APP_ORIGIN),
        ("CORS_ORIGINS", '["example.org"]', ORIGINS, APP_ORIGIN),
        ("CORS_ORIGINS", "https://a.org,https://b.org/", f"(item 2) {ORIGINS}", APP_ORIGIN),
        ("ALLOWED_HOSTS", "a.org, b.org, https://c.org", f"(item 3) {HOSTS}", '["auth.your-company.com"]'),
        ("CORS_ORIGINS", '["https://a.org", "https://b.org/"]', f"(item 2) {ORIGINS}", APP_ORIGIN),
        ("CORS_ORIGINS", "[7]", TEXTS, APP_ORIGIN),
        ("COOKIE_ORIGINS", '["https://a.org/"]', ORIGINS, APP_ORIGIN),
        ("COOKIE_ORIGINS", "https://a.org,capacitor://localhost", f"(item 2) {SITES}", APP_ORIGIN),
        ("COOKIE_ORIGINS", "null", SITES, APP_ORIGIN),
        ("CORS_HEADERS", "*", HEADERS, '["x-datadog-trace-id"]'),
        ("CORS_HEADERS", '["x-client", "x-client: 1"]', f"(item 2) {HEADERS}", '["x-datadog-trace-id"]'),
        ("ALLOWED_HOSTS", '["a"', TEXTS, '["auth.your-company.com"]'),
        ("ALLOWED_HOSTS", "https://a.org", HOSTS, '["auth.your-company.com"]'),
        ("DOCS_ENABLED", "maybe", SWITCH, "true"),
        ("METRICS_TOKEN", "fifteen-letters", TOKEN, GENERATE),
        ("METRICS_PORT", "0", NUMBER.format("1 to 65535"), "9464"),
        ("METRICS_PORT", "8000", "must not be the port of the API", "9464"),
        ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL", "DEBUG"),
        ("LOG_FORMAT", "xml", "must be one of auto, json, text", "auto"),
        ("DATABASE_URL", "mysql://auth:hunter2@db/auth", DATABASE, POSTGRES),
        ("DATABASE_URL", "auth.db", DATABASE, POSTGRES),
        ("DATABASE_URL", "sqlite://", DATABASE, POSTGRES),
        ("DATABASE_URL", "sqlite:///:memory:", MEMORY, "sqlite:///./auth.db"),
        ("DATABASE_MAX_POOL_SIZE", "0", NUMBER.format("1 to 1000"), "20"),
        ("DATABASE_POOL_TIMEOUT", "0", SECONDS.format("more than 0"), "1"),
        ("DATABASE_CONNECT_TIMEOUT", "soon", SECONDS.format("more than 0"), "2"),
        ("DATABASE_STATEMENT_TIMEOUT", "-1", SECONDS.format("0 or more"), "5"),
        ("DATABASE_STATEMENT_CACHE_SIZE", "-1", NUMBER.format("0 or more"), "100"),
        ("CIRCUIT_BREAKER_THRESHOLD", "0", NUMBER.format("1 or more"), "5"),
        ("CIRCUIT_BREAKER_TIMEOUT", "nan", SECONDS.format("1 or more"), "60"),
        ("PASSWORD_HASH_MEMORY_KIB", "7", "must be a whole number of KiB, 8 to 4194304", "19456"),
        ("JWT_PREVIOUS_KEYS", "[7]", TEXTS, ""),
        ("PASSWORD_HASH_ITERATIONS", "0", NUMBER.format("1 to 1000"), "2"),
        ("PASSWORD_HASH_PARALLELISM", "17", NUMBER.format("1 to 16"), "1"),
        ("PASSWORD_HASH_QUEUE_SIZE", "-1", NUMBER.format("0 or more"), "100"),
        ("PASSWORD_REQUIRE_COMPLEXITY", "2", SWITCH, "true"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0", WHOLE.format("minutes", "1 to 1440"), "30"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1.5", WHOLE.format("minutes", "1 to 1440"), "30"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "0", WHOLE.format("days", "1 to 3650"), "7"),
        ("SESSION_ABSOLUTE_DAYS", "3651", WHOLE.format("days", "1 to 3650"), "30"),
        ("AUDIT_RETENTION_DAYS", "-1", WHOLE.format("days", "0 to 36500"), "365"),
        ("HOUSEKEEPING_INTERVAL", "-1", WHOLE.format("seconds", "0 to 86400"), "600"),
        ("TOKEN_METADATA_CLAIMS", "a b", KEYS, '["plan"]'),
        ("TOKEN_METADATA_CLAIMS", ",".join(map(str, range(21))), "must have at most 20 keys", '["plan"]'),
        ("SESSIONS_PER_ACCOUNT", "0", NUMBER.format("1 to 200"), "50"),
        ("SESSIONS_PER_ACCOUNT", "201", NUMBER.format("1 to 200"), "50"),
        ("REFRESH_GRACE_SECONDS", "301", WHOLE.format("seconds", "0 to 300"), "120"),
        ("VERIFIED_TOKEN_CACHE_SIZE", "-1", NUMBER.format("0 or more"), "4096"),
        ("JWT_ALGORITHM", "none", "must be one of HS256, EdDSA, ES256, RS256", "HS256"),
        ("JWT_SECRET_KEY", "hunter2", SHORT, GENERATE),
        ("JWT_SECRET_KEY", "a" * 31, SHORT, GENERATE),
        ("JWT_SECRET_KEY", "", MISSING, GENERATE),
        ("TOKEN_DERIVATION_KEY", "hunter2", SHORT, GENERATE),
        ("JWT_PREVIOUS_KEYS", '["hunter2"]', SHORT, PREVIOUS),
    ],
)
def test_invalid_value_is_rejected_with_an_example(variable: str, text: str, problem: str, example: str) -> None:
    assert error_text({**DEVELOPMENT, variable: text}) == f"{variable} {problem}.{remedy(variable, example)}"


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
        ("PASSWORD_HASH_MEMORY_KIB", "19455", f"must be 19456 or more: {OWASP.format(2)}", "19456"),
        ("COOKIE_ORIGINS", "https://a.org,http://b.org", "must list https origins in production", APP_ORIGIN),
    ],
)
def test_production_rejects_values_of_development(variable: str, text: str, problem: str, example: str) -> None:
    assert error_text({**PRODUCTION, variable: text}) == f"{variable} {problem}.{remedy(variable, example)}"


def test_production_needs_a_signing_key() -> None:
    message = error_text({**PRODUCTION, "JWT_SECRET_KEY": "", "TOKEN_DERIVATION_KEY": OTHER_SECRET})

    assert message == f"JWT_SECRET_KEY {MISSING}. {GENERATE}"


def test_production_rejects_several_workers_with_sqlite() -> None:
    message = error_text({**PRODUCTION, "DATABASE_URL": "sqlite:////var/lib/auth.db", "WORKERS": "2"})

    assert message == "WORKERS must be 1 with SQLite in production; several workers need PostgreSQL. Example: WORKERS=1"


def test_hash_memory_has_a_minimum_for_its_iterations_and_lanes() -> None:
    iterations = error_text({**PRODUCTION, "PASSWORD_HASH_ITERATIONS": "1"})
    lanes = error_text({**DEVELOPMENT, "PASSWORD_HASH_PARALLELISM": "4", "PASSWORD_HASH_MEMORY_KIB": "31"})

    assert iterations == (
        f"PASSWORD_HASH_MEMORY_KIB must be 47104 or more: {OWASP.format(1)}. Example: PASSWORD_HASH_MEMORY_KIB=47104"
    )
    assert lanes.startswith("PASSWORD_HASH_MEMORY_KIB must be 32 or more: 8 KiB per lane of PASSWORD_HASH_PARALLELISM.")


def test_testing_raises_the_hash_memory_for_more_lanes() -> None:
    settings = Settings.from_env({**DEVELOPMENT, "ENVIRONMENT": "testing", "PASSWORD_HASH_PARALLELISM": "4"})

    assert settings.hashing.memory_kib == 32


@pytest.mark.parametrize("url", ["http://[", "smtp://a:hunter2@[/"])
@pytest.mark.parametrize("variable", ["PUBLIC_URL", "FRONTEND_URL", "SMTP_URL", "DATABASE_URL"])
def test_unparsable_url_is_rejected(variable: str, url: str) -> None:
    message = error_text({**DEVELOPMENT, "MAIL_FROM": "Me <me@example.com>", variable: url})

    assert message.startswith(f"{variable} must be a")
    assert "hunter2" not in message


def test_production_accepts_one_worker_with_sqlite() -> None:
    settings = Settings.from_env({**PRODUCTION, "DATABASE_URL": "sqlite:////var/lib/auth.db"})

    assert settings.database.sqlite_path == "/var/lib/auth.db"


def test_idle_time_may_not_exceed_absolute_time() -> None:
    message = error_text({**DEVELOPMENT, "REFRESH_TOKEN_EXPIRE_DAYS": "7", "SESSION_ABSOLUTE_DAYS": "3"})

    assert message == f"REFRESH_TOKEN_EXPIRE_DAYS {IDLE}. Example: REFRESH_TOKEN_EXPIRE_DAYS=3"


def test_all_problems_are_reported_at_once_without_values() -> None:
    invalid = {
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

    message = error_text(invalid)

    assert sorted(line.split()[0] for line in message.splitlines()) == sorted(set(invalid) - {"ENVIRONMENT"})
    assert "hunter2" not in message
