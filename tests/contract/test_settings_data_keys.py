"""Keys of encrypted values: given, derived in development, and off in production without one."""

import pytest

from auth_api.kit.crypto.sealing import derived_data_key, new_data_key, parse_data_key
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
OTHER_SECRET = "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
}
KEYS = [new_data_key(), new_data_key()]


@pytest.mark.parametrize("base", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize("text", [",".join(KEYS), f'["{KEYS[0]}", "{KEYS[1]}"]'], ids=["commas", "JSON"])
def test_given_keys_are_used_in_their_order(base: dict[str, str], text: str) -> None:
    settings = Settings.from_env({**base, "DATA_ENCRYPTION_KEYS": text})

    assert settings.sealing.data_keys[:2] == tuple(map(parse_data_key, KEYS))


def test_given_keys_come_before_those_that_development_derives() -> None:
    """Values from before the first key was set can still be decrypted."""
    settings = Settings.from_env({**DEVELOPMENT, "DATA_ENCRYPTION_KEYS": KEYS[0]})

    assert settings.sealing.data_keys == (parse_data_key(KEYS[0]), derived_data_key(SECRET.encode()))


@pytest.mark.parametrize("environment", ["development", "testing"])
def test_development_derives_a_key_from_each_secret(environment: str) -> None:
    settings = Settings.from_env({**DEVELOPMENT, "ENVIRONMENT": environment, "JWT_PREVIOUS_KEYS": OTHER_SECRET})

    assert settings.sealing.data_keys == (derived_data_key(SECRET.encode()), derived_data_key(OTHER_SECRET.encode()))


def test_production_derives_no_key() -> None:
    assert Settings.from_env(PRODUCTION).sealing.data_keys == ()
    given = Settings.from_env({**PRODUCTION, "DATA_ENCRYPTION_KEYS": KEYS[0]})
    assert given.sealing.data_keys == (parse_data_key(KEYS[0]),)


@pytest.mark.parametrize("base", [DEVELOPMENT, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize(
    "wrong",
    [SECRET, "dk_hunter2", "/run/secrets/key", "${KEY}", f"{KEYS[0]}x"],
    ids=["secret", "short", "path", "placeholder", "longer"],
)
def test_other_text_stops_the_start_without_being_shown(base: dict[str, str], wrong: str) -> None:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**base, "DATA_ENCRYPTION_KEYS": f"{KEYS[0]},{wrong}"})

    assert str(raised.value) == (
        "DATA_ENCRYPTION_KEYS (item 2) must be a key that auth-api secrets data-key has printed. "
        "Run auth-api secrets data-key, and paste what it prints."
    )


def test_keys_are_not_shown() -> None:
    settings = Settings.from_env({**PRODUCTION, "DATA_ENCRYPTION_KEYS": ",".join(KEYS)})

    assert repr(settings.sealing) == "SealingPolicy()"
    assert not any(str(parse_data_key(key)) in repr(settings) for key in KEYS)
