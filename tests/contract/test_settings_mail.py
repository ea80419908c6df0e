"""Settings of mail: how it is sent, its sender, and what is rejected."""

from pathlib import Path

import pytest

from auth_api.kit.mail.policy import MailPolicy
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
    "JWT_SECRET_KEY": SECRET,
}
SMTP = {"SMTP_URL": "smtp://auth:hunter2@mail.internal:2525", "MAIL_FROM": "Your Company <no-reply@your-company.com>"}


def mail(**environ: str) -> MailPolicy:
    return Settings.from_env(environ).mail


def error_text(**environ: str) -> str:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value)


def test_development_writes_mail_to_a_folder() -> None:
    policy = mail(**DEVELOPMENT)

    assert (policy.is_on, policy.folder, policy.server) == (True, "./mail", None)
    assert str(policy.sender) == "auth_api <no-reply@localhost>"
    assert policy.frontend_url == "http://localhost:8000"


def test_sender_is_at_localhost_if_the_public_host_cannot_have_mail_addresses() -> None:
    assert str(mail(**DEVELOPMENT, PUBLIC_URL="http://[::1]:8000").sender) == "auth_api <no-reply@localhost>"


def test_mail_folder_can_be_set() -> None:
    assert mail(**DEVELOPMENT, MAIL_FOLDER="./mails").folder == "./mails"


@pytest.mark.parametrize(
    "environ", [PRODUCTION, {**DEVELOPMENT, "ENVIRONMENT": "testing"}], ids=["production", "testing"]
)
def test_mail_is_off_without_a_server_outside_development(environ: dict[str, str]) -> None:
    assert mail(**environ).is_on is False


@pytest.mark.parametrize("environ", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_mail_is_sent_with_the_server(environ: dict[str, str]) -> None:
    policy = mail(**environ, **SMTP)

    assert policy.server is not None
    assert (policy.server.host, policy.server.port, policy.server.tls) == ("mail.internal", 2525, "starttls")
    assert (policy.is_on, policy.folder) == (True, None)
    assert (policy.sender.display_name, policy.sender.addr_spec) == ("Your Company", "no-reply@your-company.com")


def test_repr_omits_the_password_of_the_mail_server() -> None:
    assert "hunter2" not in repr(mail(**PRODUCTION, **SMTP))


def test_links_begin_with_the_frontend_url() -> None:
    assert mail(**DEVELOPMENT, FRONTEND_URL="http://localhost:3000/").frontend_url == "http://localhost:3000"
    assert mail(**PRODUCTION, FRONTEND_URL="https://app.org/x").frontend_url == "https://app.org/x"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({**SMTP, "SMTP_URL": "mail.internal"}, "SMTP_URL must be an smtp or smtps URL."),
        (
            {**SMTP, "SMTP_URL": "smtp://ada@mail.internal"},
            "SMTP_URL must have both a user and a password, or neither.",
        ),
        ({**SMTP, "SMTP_URL": "smtp://mail.internal?tls=no"}, "SMTP_URL must have no option except ?tls=none"),
        ({"SMTP_URL": SMTP["SMTP_URL"]}, "MAIL_FROM is missing: the sender of all mail."),
        ({"MAIL_FROM": "Acme"}, "MAIL_FROM must be a name and an e-mail address."),
        ({"MAIL_FROM": "a@b..c"}, "MAIL_FROM must be a name and an e-mail address."),
        ({"MAIL_FROM": "Me <a@b\nBcc: c@d>"}, "MAIL_FROM contains a character that cannot be seen."),
        ({"FRONTEND_URL": "app.org"}, "FRONTEND_URL must be an http or https URL with a host, and without a user"),
        (
            {"FRONTEND_URL": "https://app.org/?a=b"},
            "FRONTEND_URL must be an http or https URL with a host, and without a user",
        ),
        (
            {"FRONTEND_URL": "https://app.org/#a"},
            "FRONTEND_URL must be an http or https URL with a host, and without a user",
        ),
        (
            {"MAIL_TEMPLATES": "/nowhere/at/all"},
            "MAIL_TEMPLATES must be a folder that has one folder of texts per language.",
        ),
        ({"BACKGROUND_JOBS": "some"}, "BACKGROUND_JOBS must be true or false."),
    ],
)
def test_invalid_mail_setting_is_rejected(environ: dict[str, str], problem: str) -> None:
    message = error_text(**DEVELOPMENT, **environ)

    assert message.startswith(problem)
    assert len(message.splitlines()) == 1


def test_production_rejects_smtp_passwords_without_tls() -> None:
    message = error_text(**PRODUCTION, **{**SMTP, "SMTP_URL": "smtp://auth:hunter2@mail.internal:25?tls=none"})

    assert message.startswith("SMTP_URL must not send a password without TLS in production.")
    assert "hunter2" not in message


def test_production_rejects_a_frontend_url_without_https() -> None:
    message = error_text(**PRODUCTION, FRONTEND_URL="http://app.org")

    assert message.startswith("FRONTEND_URL must be an https URL in production.")


def test_template_folder_can_be_set(tmp_path: Path) -> None:
    assert mail(**DEVELOPMENT, MAIL_TEMPLATES=str(tmp_path)).templates == str(tmp_path)


def test_email_verification_is_off_by_default() -> None:
    verification_policy = Settings.from_env(DEVELOPMENT).verification_policy

    assert (verification_policy.required, verification_policy.before_signup) == (False, False)


def test_email_verification_can_be_required_with_mail() -> None:
    wanted = {"REQUIRE_EMAIL_VERIFICATION": "true", "REGISTRATION_ENUMERATION_SAFE": "true"}

    verification_policy = Settings.from_env({**PRODUCTION, **SMTP, **wanted}).verification_policy

    assert (verification_policy.required, verification_policy.before_signup) == (True, True)


def test_required_email_verification_needs_mail() -> None:
    message = error_text(**PRODUCTION, REQUIRE_EMAIL_VERIFICATION="true")

    assert message == (
        "REQUIRE_EMAIL_VERIFICATION needs mail: set SMTP_URL and MAIL_FROM, or remove it. "
        "Example: REQUIRE_EMAIL_VERIFICATION=false"
    )


def test_enumeration_safe_registration_needs_verification() -> None:
    message = error_text(**PRODUCTION, **SMTP, REGISTRATION_ENUMERATION_SAFE="true")

    assert message == (
        "REGISTRATION_ENUMERATION_SAFE needs REQUIRE_EMAIL_VERIFICATION=true, or remove it. "
        "Example: REGISTRATION_ENUMERATION_SAFE=false"
    )
