"""`auth-api secrets generate` and `data-key`."""

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent

PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.corp.net",
    "DATABASE_URL": "postgresql://db/auth",
    "JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2",
}


def test_generated_secret_is_accepted_in_production() -> None:
    first, second = (CliRunner().invoke(commands, ["secrets", "generate"]) for _ in range(2))

    assert [(done.exit_code, done.stderr) for done in (first, second)] == [(0, "")] * 2
    assert first.stdout != second.stdout
    secret = first.stdout.removesuffix("\n")
    assert len(secret.encode()) >= 32
    assert secret.split() == [secret]
    settings = Settings.from_env(
        {**PRODUCTION, "JWT_SECRET_KEY": secret, "TOKEN_DERIVATION_KEY": second.stdout.strip()}
    )
    assert settings.is_production


def test_generated_data_key_is_accepted_in_production() -> None:
    first, second = (CliRunner().invoke(commands, ["secrets", "data-key"]) for _ in range(2))

    assert [(done.exit_code, done.stderr) for done in (first, second)] == [(0, "")] * 2
    assert first.stdout != second.stdout
    settings = Settings.from_env({**PRODUCTION, "DATA_ENCRYPTION_KEYS": f"{first.stdout.strip()},{second.stdout}"})
    assert [len(key) for key in settings.sealing.data_keys] == [32, 32]
