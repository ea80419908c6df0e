"""`auth-api doctor` renders the operator's own templates of mails."""

from email.headerregistry import Address
from pathlib import Path

import pytest

from auth_api.doctor.mail_templates import check_templates
from auth_api.events.outbox.kinds import MailKind
from auth_api.features import MAIL_KINDS
from auth_api.kit.mail.policy import MailPolicy

pytestmark = pytest.mark.engine_independent


def check(templates: Path | None) -> list[tuple[str, str]]:
    """Return severities and messages."""
    policy = MailPolicy(
        folder="mail",
        sender=Address("Example", addr_spec="no-reply@example.com"),
        frontend_url="https://app.example.com",
        templates=str(templates) if templates else None,
    )
    return [(finding.verdict, finding.message) for finding in check_templates(policy)]


def write(folder: Path, name: str, content: bytes = b"Subject: x\n\nHello {{ username }} {{ link }}") -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_templates_are_checked_only_if_there_are_own_ones() -> None:
    assert check(None) == []


def test_sound_templates_are_rendered_in_each_language(tmp_path: Path) -> None:
    for kind in MAIL_KINDS:
        for suffix in ("txt", "html"):
            write(tmp_path, f"pt_BR/{kind.name}.{suffix}")
    write(tmp_path, "pt_BR/_greeting.txt")
    write(tmp_path, ".git/config")

    assert check(tmp_path) == [("ok", "All mails can be rendered, in: de, en, pt-br.")]


@pytest.mark.parametrize(
    ("language", "kind"),
    [
        *(("en", kind) for kind in MAIL_KINDS),
        *((language, MAIL_KINDS[0]) for language in ("de", "zh-Hant-TW", "pt_BR")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_failing_template_of_each_mail_and_language_is_reported(tmp_path: Path, language: str, kind: MailKind) -> None:
    write(tmp_path, f"{language}/{kind.name}.txt", "Subject: Grüße".encode("latin-1"))
    write(tmp_path, f"{language}/{kind.name}.html")

    ((verdict, message),) = check(tmp_path)

    assert verdict == "fail"
    assert message.startswith(f"{language}/{kind.name}.txt cannot be rendered: UnicodeDecodeError: ")


def test_failing_html_is_reported_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "de/password_reset.txt")
    write(tmp_path, "de/password_reset.html", b"{{ usrname }}")

    assert check(tmp_path) == [
        ("fail", "de/password_reset.html cannot be rendered: UndefinedError: 'usrname' is undefined.")
    ]


def test_value_that_unverified_recipients_do_not_have_is_tried(tmp_path: Path) -> None:
    write(tmp_path, "en/email_verification.txt", b"Subject: x\n\n{{ username.title() }}")
    write(tmp_path, "en/email_verification.html")

    ((verdict, message),) = check(tmp_path)

    assert (verdict, message.partition(" ")[0]) == ("fail", "en/email_verification.txt")


@pytest.mark.parametrize("name", ["de/pasword_reset.txt", "password_reset.txt", "de/mails/password_reset.txt", "x.txt"])
def test_file_that_no_mail_uses_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "de" / "mails").mkdir(parents=True)
    write(tmp_path, name)

    assert check(tmp_path) == [("warn", f"No mail uses {name}.")]


@pytest.mark.parametrize(("name", "missing"), [("txt", "html"), ("html", "txt")])
def test_missing_half_of_a_mail_is_reported(tmp_path: Path, name: str, missing: str) -> None:
    write(tmp_path, f"de/password_reset.{name}")

    ((verdict, message),) = check(tmp_path)

    assert verdict == "warn"
    assert message.startswith(f"de/password_reset.{name} has no password_reset.{missing} beside it")
