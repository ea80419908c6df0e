"""`doctor` fails if the key of an encrypted value is not set."""

import json

from auth_api.doctor.sealed_values import check_authenticator_apps
from auth_api.kit.crypto.sealing import Sealing, new_data_key, parse_data_key
from tests.support.deployment import Deployment

TIME = "2026-01-01 00:00:00+00:00"
KEY, OTHER_KEY = new_data_key(), new_data_key()


async def add_app(deployment: Deployment) -> None:
    """Add a user with an authenticator app whose seed is encrypted with `KEY`."""
    deployment.command("migrate").check_returncode()
    await deployment.execute(
        "INSERT INTO users (id, username, email, hashed_password, is_active, created_at, updated_at) VALUES "
        "(7, 'ada', 'ada@example.com', '!', true, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"
    )
    sealed = Sealing([parse_data_key(KEY)]).seal(b"seed", table="totp", row=7)
    await deployment.execute(
        f"INSERT INTO totp_factors (user_id, sealed, last_step, confirmed_at) VALUES (7, '{sealed}', 0, '{TIME}')"  # noqa: S608 - constants
    )


def findings(deployment: Deployment, keys: str) -> list[tuple[str, str]]:
    done = deployment.command("doctor", "--json", DATA_ENCRYPTION_KEYS=keys)
    found = json.loads(done.stdout)
    return [(each["verdict"], each["message"]) for each in found if each["check"] == "database.data_keys"]


async def test_missing_key_of_a_value_is_reported(deployment: Deployment) -> None:
    await add_app(deployment)

    assert findings(deployment, f"{OTHER_KEY},{KEY}") == []
    assert findings(deployment, OTHER_KEY) == [
        ("fail", "DATA_ENCRYPTION_KEYS lacks the key of 1 value in totp_factors.sealed.")
    ]


def test_tables_that_do_not_exist_are_not_read(unmigrated: Deployment) -> None:
    assert findings(unmigrated, KEY) == []


def test_missing_key_of_authenticator_apps_is_reported() -> None:
    assert check_authenticator_apps((parse_data_key(KEY),)).verdict == "ok"
    assert check_authenticator_apps(()).verdict == "note"
