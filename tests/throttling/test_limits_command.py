"""`auth-api limits` prints the limits of the settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from auth_api.cli.limits import limit_rows
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from tests.support.processes import run_cli

pytestmark = pytest.mark.engine_independent

SECRET = {"JWT_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789"}


def rows(**variables: str) -> list[tuple[Any, Any]]:
    settings = Settings.from_env({"ENVIRONMENT": "testing", **SECRET, **variables})
    return [(row["limit"], row["allowed"]) for row in limit_rows(settings)]


def test_default_limits_are_those_of_the_contract() -> None:
    assert rows() == [
        ("register, per IP address", "20 requests in 1 h"),
        ("login, per IP address", "5 requests in 1 min"),
        ("passkey_options, per IP address", "60 requests in 1 min"),
        ("passkey, per IP address", "20 requests in 1 min"),
        ("provider_start, per IP address", "30 requests in 5 min"),
        ("provider_callback, per IP address", "60 requests in 5 min"),
        ("exchange, per IP address", "20 requests in 1 min"),
        ("mfa, per IP address", "10 requests in 1 min"),
        ("step_up, per IP address", "10 requests in 1 min"),
        ("rename, per IP address", "20 requests in 1 h"),
        ("password_change, per IP address", "20 requests in 1 h"),
        ("account_deletion, per IP address", "20 requests in 1 h"),
        ("export, per IP address", "10 requests in 1 h"),
        ("factor, per IP address", "60 requests in 1 h"),
        ("email_change, per IP address", "20 requests in 1 h"),
        ("refresh, per IP address and worker process", "150 requests in 5 min"),
        ("forgot, per IP address", "20 requests in 1 h"),
        ("resend, per IP address", "20 requests in 1 h"),
        ("audit_export, per caller", "60 requests in 1 min"),
        ("mailed_token, per IP address", "20 requests in 1 min"),
        ("all requests, per IP address and worker process", "50 requests per second"),
        ("requests with an accepted key of a service account, per key and process", "200 requests per second"),
        ("oauth_failures, per IP address and process", "60 requests in 1 min"),
        ("oauth_public_clients, per IP address and process", "300 requests in 1 min"),
        ("oauth_clients, per application and process", "6000 requests in 1 min"),
        ("oauth_introspection, per application and process", "30000 requests in 1 min"),
        ("API keys that a user creates", "20 in 1 h"),
        ("mails of one kind, per e-mail address and network of the client", "3 in 1 h"),
        ("mails of one kind, per e-mail address", "10 in 1 h"),
        ("mails that confirm a new e-mail address, per user", "3 in 1 h"),
        ("mails to others, per administrator or service account", "200 in 1 h"),
        ("invitations, per e-mail address", "3 in 1 h"),
        ("wrong user codes of devices, per user and per IP address", "10 in 5 min"),
        ("wrong passwords, per user and network", "5 in 24 h"),
        ("wrong passwords, per user, from networks not used recently", "50 in 1 h"),
        ("wrong codes, per user and network", "5 in 24 h"),
        ("wrong codes, per user, from networks not used recently", "50 in 1 h"),
    ]


def test_settings_change_the_printed_limits() -> None:
    changed = rows(RATE_LIMIT_REQUESTS="7", RATE_LIMIT_WINDOW="90", RATE_LIMIT_FACTOR="2")

    assert {
        ("register, per IP address", "40 requests in 1 h"),
        ("login, per IP address", "14 requests in 90 s"),
        ("refresh, per IP address and worker process", "300 requests in 5 min"),
        ("all requests, per IP address and worker process", "100 requests per second"),
        ("requests with an accepted key of a service account, per key and process", "400 requests per second"),
        ("API keys that a user creates", "40 in 1 h"),
    } <= set(changed)


@pytest.mark.parametrize("variable", ["RATE_LIMIT_REQUESTS", "RATE_LIMIT_WINDOW", "RATE_LIMIT_FACTOR"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
def test_invalid_limit_is_refused(variable: str, value: str) -> None:
    environ = {"ENVIRONMENT": "testing", **SECRET, variable: value}

    with pytest.raises(InvalidSettingsError, match=f"{variable} must be a whole number.*, 1 or more"):
        Settings.from_env(environ)


def test_json_option_prints_json(tmp_path: Path) -> None:
    done = run_cli("limits", "--json", env={**SECRET, "RATE_LIMIT_ENABLED": "false"}, cwd=tmp_path)

    document = json.loads(done.stdout)
    assert (done.returncode, document["enabled"]) == (0, False)
    assert [(row["limit"], row["allowed"]) for row in document["limits"]] == rows()


def test_disabled_limits_are_announced(tmp_path: Path) -> None:
    done = run_cli("limits", env={**SECRET, "RATE_LIMIT_ENABLED": "false"}, cwd=tmp_path)

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "All limits are off (RATE_LIMIT_ENABLED=false)."
