"""Before the server starts, `auth-api serve` warns of functions that are off because of other settings."""

import pytest

from auth_api.cli.serve import startup_warnings
from auth_api.kit.crypto.sealing import new_data_key
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent

KEY = new_data_key()
DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.your-company.com",
    "DATABASE_URL": "postgres://host/db",
}
NO_APPS = "users cannot add authenticator apps: DATA_ENCRYPTION_KEYS is not set."
NO_PASSKEYS = "passkeys are off: PASSKEY_RP_ID is 127.0.0.1, and browsers accept only a domain or localhost."


@pytest.mark.parametrize(
    ("environ", "warnings"),
    [
        (DEVELOPMENT, []),
        (PRODUCTION, [f"administrators need no second factor, and {NO_APPS}"]),
        ({**PRODUCTION, "MFA_POLICY": "optional"}, [NO_APPS]),
        ({**PRODUCTION, "DATA_ENCRYPTION_KEYS": KEY}, []),
        ({**DEVELOPMENT, "PUBLIC_URL": "http://127.0.0.1:8000"}, [NO_PASSKEYS]),
        ({**DEVELOPMENT, "ENVIRONMENT": "testing", "PUBLIC_URL": "http://127.0.0.1:8000"}, []),
    ],
    ids=[
        "development",
        "production",
        "production without second factors",
        "production with a key",
        "IP address",
        "IP address in testing",
    ],
)
def test_server_warns_of_functions_that_are_off(environ: dict[str, str], warnings: list[str]) -> None:
    assert [*startup_warnings(Settings.from_env(environ))] == warnings
