"""`auth-api secrets generate`."""

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent


def test_generated_secret_is_accepted_in_production() -> None:
    first, second = (CliRunner().invoke(commands, ["secrets", "generate"]) for _ in range(2))

    assert [(done.exit_code, done.stderr) for done in (first, second)] == [(0, "")] * 2
    assert first.stdout != second.stdout
    secret = first.stdout.removesuffix("\n")
    assert len(secret.encode()) >= 32
    assert secret.split() == [secret]
    settings = Settings.from_env(
        {
            "ENVIRONMENT": "production",
            "PUBLIC_URL": "https://auth.corp.net",
            "DATABASE_URL": "postgresql://db/auth",
            "JWT_SECRET_KEY": secret,
            "TOKEN_DERIVATION_KEY": second.stdout.strip(),
        }
    )
    assert settings.is_production
