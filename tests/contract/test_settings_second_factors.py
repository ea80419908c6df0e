"""The setting that requires second factors: what it needs, what it implies, and what is refused."""

import pytest

from auth_api.kit.crypto.sealing import new_data_key
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from auth_api.sign_in.policy import MfaPolicy

pytestmark = pytest.mark.engine_independent

DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
MAIL = {"SMTP_URL": "smtps://mail.example.com", "MAIL_FROM": "no-reply@example.com"}
DATA_KEY = {"DATA_ENCRYPTION_KEYS": new_data_key()}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.your-company.com",
    "DATABASE_URL": "postgres://host/db",
}


def error_text(environ: dict[str, str]) -> str:
    with pytest.raises(InvalidSettingsError) as caught:
        Settings.from_env(environ)
    return str(caught.value)


@pytest.mark.parametrize(("value", "is_required"), [("", False), ("optional", False), ("Required", True)])
def test_second_factors_are_required_only_by_the_setting(value: str, is_required: bool) -> None:
    settings = Settings.from_env({**DEVELOPMENT, "MFA_POLICY": value})

    assert settings.of(MfaPolicy).is_required is is_required


def test_required_second_factors_imply_verified_addresses() -> None:
    settings = Settings.from_env({**PRODUCTION, **MAIL, **DATA_KEY, "MFA_POLICY": "required"})

    assert settings.verification_policy.required
    assert not Settings.from_env({**PRODUCTION, **MAIL, **DATA_KEY}).verification_policy.required


def test_registration_without_enumeration_is_possible_with_required_second_factors() -> None:
    settings = Settings.from_env({**DEVELOPMENT, "MFA_POLICY": "required", "REGISTRATION_ENUMERATION_SAFE": "true"})

    assert settings.verification_policy.before_signup


def test_required_second_factors_need_mail() -> None:
    assert error_text({**PRODUCTION, **DATA_KEY, "MFA_POLICY": "required"}) == (
        "MFA_POLICY needs mail: set SMTP_URL and MAIL_FROM, or remove it. Example: MFA_POLICY=optional"
    )


@pytest.mark.parametrize("policy", ["required", "admins"])
def test_second_factors_need_a_data_key_in_production(policy: str) -> None:
    assert error_text({**PRODUCTION, **MAIL, "MFA_POLICY": policy}) == (
        "MFA_POLICY needs DATA_ENCRYPTION_KEYS in production. "
        "Run auth-api secrets data-key, and set DATA_ENCRYPTION_KEYS to what it prints."
    )


def test_administrators_need_a_second_factor_in_production_if_the_server_has_a_data_key() -> None:
    """An upgrade without the key must not stop a running server."""

    def policy(environ: dict[str, str]) -> tuple[str, bool]:
        found = Settings.from_env(environ).of(MfaPolicy)
        return found.requirement, found.lacks_keys

    assert policy({**PRODUCTION, **DATA_KEY}) == ("admins", False)
    assert policy(PRODUCTION) == ("optional", True)
    assert policy({**PRODUCTION, "MFA_POLICY": "optional"}) == ("optional", False)
    assert policy({**PRODUCTION, **DATA_KEY, "MFA_POLICY": "optional"}) == ("optional", False)
    assert policy(DEVELOPMENT) == ("optional", False)
    assert policy({**DEVELOPMENT, "MFA_POLICY": "Admins"}) == ("admins", False)


def test_other_values_are_refused_with_an_example() -> None:
    text = error_text({**DEVELOPMENT, "MFA_POLICY": "true"})

    assert text == "MFA_POLICY must be one of optional, admins, required. Example: MFA_POLICY=optional"
