"""Variables of mail: which way it leaves, who it is from, and what is refused."""

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


def refusal(**environ: str) -> str:
    with pytest.raises(InvalidSettingsError) as refused:
        Settings.from_env(environ)
    return str(refused.value)


def test_development_writes_into_a_folder() -> None:
    policy = mail(**DEVELOPMENT)

    assert (policy.is_on, policy.folder, policy.server) == (True, "./mail", None)
    assert str(policy.sender) == "auth_api <no-reply@127.0.0.1>"
    assert policy.frontend_url == "http://127.0.0.1:8000"


def test_the_folder_can_be_another_one() -> None:
    assert mail(**DEVELOPMENT, MAIL_FOLDER="./mails").folder == "./mails"


@pytest.mark.parametrize(
    "environ", [PRODUCTION, {**DEVELOPMENT, "ENVIRONMENT": "testing"}], ids=["production", "testing"]
)
def test_elsewhere_there_is_no_mail_without_a_server(environ: dict[str, str]) -> None:
    assert mail(**environ).is_on is False


@pytest.mark.parametrize("environ", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_with_a_server_mail_goes_there(environ: dict[str, str]) -> None:
    policy = mail(**environ, **SMTP)

    assert policy.server is not None
    assert (policy.server.host, policy.server.port, policy.server.tls) == ("mail.internal", 2525, "starttls")
    assert (policy.is_on, policy.folder) == (True, None)
    assert (policy.sender.display_name, policy.sender.addr_spec) == ("Your Company", "no-reply@your-company.com")


def test_a_password_of_the_mail_server_is_never_shown() -> None:
    assert "hunter2" not in repr(mail(**PRODUCTION, **SMTP))


def test_links_lead_to_the_frontend() -> None:
    assert mail(**DEVELOPMENT, FRONTEND_URL="http://localhost:3000/").frontend_url == "http://localhost:3000"
    assert mail(**PRODUCTION, FRONTEND_URL="https://app.org/x").frontend_url == "https://app.org/x"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({**SMTP, "SMTP_URL": "mail.internal"}, "SMTP_URL must be an smtp or smtps address."),
        ({"SMTP_URL": SMTP["SMTP_URL"]}, "MAIL_FROM is missing: who the mails are from."),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM must be a name and an address."),
        ({"MAIL_FROM": "Me <a@b\nBcc: c@d>"}, "MAIL_FROM must be a name and an address."),
        ({"FRONTEND_URL": "app.org"}, "FRONTEND_URL must be an http or https address."),
        ({"FRONTEND_URL": "https://app.org/?a=b"}, "FRONTEND_URL must be an http or https address."),
        ({"FRONTEND_URL": "https://app.org/#a"}, "FRONTEND_URL must be an http or https address."),
        (
            {"MAIL_TEMPLATES": "/nowhere/at/all"},
            "MAIL_TEMPLATES must be a folder with one folder of texts per language.",
        ),
        ({"BACKGROUND_JOBS": "some"}, "BACKGROUND_JOBS must be true or false."),
    ],
)
def test_what_cannot_stay_is_told(environ: dict[str, str], problem: str) -> None:
    told = refusal(**DEVELOPMENT, **environ)

    assert told.startswith(problem)
    assert len(told.splitlines()) == 1


def test_production_sends_no_password_in_the_clear() -> None:
    told = refusal(**PRODUCTION, **{**SMTP, "SMTP_URL": "smtp://auth:hunter2@mail.internal:25?tls=none"})

    assert told.startswith("SMTP_URL must not send a password without TLS in production.")
    assert "hunter2" not in told


def test_production_links_by_https() -> None:
    told = refusal(**PRODUCTION, FRONTEND_URL="http://app.org")

    assert told.startswith("FRONTEND_URL must be the https address.")


def test_own_templates_are_a_folder(tmp_path: Path) -> None:
    assert mail(**DEVELOPMENT, MAIL_TEMPLATES=str(tmp_path)).templates == str(tmp_path)


def test_nothing_needs_a_proof_of_the_mailbox_unless_asked_for() -> None:
    verification_policy = Settings.from_env(DEVELOPMENT).verification_policy

    assert (verification_policy.required, verification_policy.before_signup) == (False, False)


def test_where_mail_can_be_sent_it_can_be_asked_for() -> None:
    wanted = {"REQUIRE_EMAIL_VERIFICATION": "true", "REGISTRATION_ENUMERATION_SAFE": "true"}

    verification_policy = Settings.from_env({**PRODUCTION, **SMTP, **wanted}).verification_policy

    assert (verification_policy.required, verification_policy.before_signup) == (True, True)


def test_where_it_cannot_the_start_is_refused() -> None:
    said = refusal(**PRODUCTION, REQUIRE_EMAIL_VERIFICATION="true")

    assert said == (
        "REQUIRE_EMAIL_VERIFICATION needs mail: set SMTP_URL and MAIL_FROM, or leave it. "
        "Example: REQUIRE_EMAIL_VERIFICATION=false"
    )


def test_registering_without_telling_needs_verification() -> None:
    said = refusal(**PRODUCTION, **SMTP, REGISTRATION_ENUMERATION_SAFE="true")

    assert said == (
        "REGISTRATION_ENUMERATION_SAFE needs REQUIRE_EMAIL_VERIFICATION=true, or leave it. "
        "Example: REGISTRATION_ENUMERATION_SAFE=false"
    )
