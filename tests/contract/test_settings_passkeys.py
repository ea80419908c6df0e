"""Settings of passkeys: where they work by default, and what is refused."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
API, APP = "https://auth.your-company.com", "https://app.your-company.com"
PRODUCTION = {**DEVELOPMENT, "ENVIRONMENT": "production", "PUBLIC_URL": API, "DATABASE_URL": "postgres://host/db"}


@pytest.mark.parametrize(
    ("environ", "rp_id", "origins"),
    [
        ({}, "localhost", ("http://localhost:8000", "http://localhost:3000", "http://localhost:5173")),
        (
            {"PORT": "9000", "COOKIE_ORIGINS": "http://localhost:5000"},
            "localhost",
            ("http://localhost:9000", "http://localhost:5000"),
        ),
        (
            {"CORS_ORIGINS": f"http://localhost:3000,{APP}", "COOKIE_ORIGINS": "http://localhost:3000"},
            "localhost",
            ("http://localhost:8000", "http://localhost:3000"),
        ),
        ({"FRONTEND_URL": f"{APP}:443/path"}, "app.your-company.com", (APP,)),
        ({"PUBLIC_URL": API, "FRONTEND_URL": APP, "PASSKEY_RP_ID": "your-company.com"}, "your-company.com", (API, APP)),
        ({"PUBLIC_URL": "https://Auth.Your-Company.com"}, "auth.your-company.com", (API,)),
        ({"PASSKEY_RP_ID": "your-company.com", "PASSKEY_ORIGINS": APP}, "your-company.com", (APP,)),
    ],
    ids=str,
)
def test_passkeys_work_where_the_server_and_its_frontend_are(
    environ: dict[str, str], rp_id: str, origins: tuple[str, ...]
) -> None:
    policy = Settings.from_env({**DEVELOPMENT, **environ}).passkeys

    assert (policy.enabled, policy.rp_id, policy.origins, policy.problem) == (True, rp_id, origins, "")


def test_origins_of_other_pages_count_only_in_development() -> None:
    policy = Settings.from_env({**PRODUCTION, "CORS_ORIGINS": f"{API}:8443", "COOKIE_ORIGINS": f"{API}:8444"}).passkeys

    assert policy.origins == (API,)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://intranet", "http://a.example"])
def test_default_that_browsers_reject_switches_passkeys_off(url: str) -> None:
    policy = Settings.from_env({**DEVELOPMENT, "PUBLIC_URL": url}).passkeys

    assert not policy.enabled
    assert policy.problem


def test_passkeys_can_be_switched_off_without_a_warning() -> None:
    policy = Settings.from_env({**DEVELOPMENT, "PASSKEYS_ENABLED": "false"}).passkeys

    assert (policy.enabled, policy.problem) == (False, "")


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"PASSKEY_RP_ID": "10.0.0.1"}, "PASSKEY_RP_ID"),
        ({"PASSKEY_RP_ID": "intranet"}, "PASSKEY_RP_ID"),
        ({"PASSKEY_RP_ID": "Your-Company.com"}, "PASSKEY_RP_ID"),
        ({"PASSKEY_RP_ID": "https://your-company.com"}, "PASSKEY_RP_ID"),
        ({"PASSKEY_RP_ID": "your-company.com"}, "PASSKEY_RP_ID"),
        ({"PASSKEYS_ENABLED": "true", "PUBLIC_URL": "http://127.0.0.1:8000"}, "PASSKEYS_ENABLED"),
        ({"PASSKEY_ORIGINS": "http://your-company.com"}, "PASSKEY_ORIGINS"),
        ({"PASSKEY_ORIGINS": "https://your-company.com"}, "PASSKEY_ORIGINS"),
        ({"PASSKEY_RP_ID": "your-company.com", "PASSKEY_ORIGINS": "https://not-your-company.com"}, "PASSKEY_ORIGINS"),
        ({"PASSKEY_RP_ID": "your-company.com", "PASSKEY_ORIGINS": f"{APP}/path"}, "PASSKEY_ORIGINS"),
    ],
    ids=str,
)
def test_value_that_cannot_work_stops_startup(environ: dict[str, str], variable: str) -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        Settings.from_env({**DEVELOPMENT, **environ})

    assert [problem.variable for problem in caught.value.problems] == [variable]
