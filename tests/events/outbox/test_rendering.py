"""From a draft to a mail: templates, languages, an operator's own texts."""

from email.headerregistry import Address
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from msgspec import structs

from auth_api.events.outbox.letters import PATHS, Draft, MailKind, OutboxItem
from auth_api.events.outbox.rendering import Renderer
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.request_context import RequestContext

TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"
FRONTEND = "https://app.example.com"
SENDER = Address("Example <b>", addr_spec="no-reply@example.com")


def item(mail_kind: MailKind = MailKind.PASSWORD_RESET, **parameters: object) -> OutboxItem:
    return OutboxItem(
        id=7,
        mail_kind=mail_kind,
        user_id=1,
        address=None,
        parameters=parameters,
        request_context=RequestContext(
            ip_address="203.0.113.7", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        ),
        attempts=1,
        created="20260219103045",
        age=0,
    )


def draft(
    mail_kind: MailKind = MailKind.PASSWORD_RESET, *, locale: str | None = None, token: str | None = TOKEN
) -> Draft:
    return Draft(mail_kind=mail_kind, recipient="ada@example.com", username="ada", locale=locale, token=token)


def renderer(templates: Path | None = None) -> Renderer:
    return Renderer(
        MailPolicy(folder="mail", sender=SENDER, frontend_url=FRONTEND, templates=str(templates) if templates else None)
    )


def write(folder: Path, language: str, name: str, text: str) -> None:
    (folder / language).mkdir(exist_ok=True)
    (folder / language / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "mail_kind",
    [
        mail_kind
        for mail_kind in MailKind
        if (Path(__file__).parents[3] / f"auth_api/events/outbox/templates/en/{mail_kind}.txt").exists()
    ],
)
def test_every_letter_has_a_subject_a_text_and_a_page(mail_kind: MailKind) -> None:
    purpose = mail_kind.purpose

    message = renderer().render(
        item(mail_kind, new_email="new@example.com"), draft(mail_kind, token=TOKEN if purpose else None)
    )

    assert 0 < len(message.subject) <= 78
    assert not message.subject.startswith("Subject")
    for body in (message.text, message.html):
        assert "ada" in body
        if purpose is not None:
            assert f"{FRONTEND}{PATHS[purpose]}#token={TOKEN}" in body
            assert body.count(TOKEN) >= 2  # in the link, and to be pasted
    assert "<html" in message.html
    assert "<" not in message.text.replace("<b>", "")


def test_every_letter_with_a_token_leads_somewhere() -> None:
    assert {mail_kind.purpose for mail_kind in MailKind if mail_kind.purpose} == set(PATHS)


def test_a_mail_is_known_by_its_row_whoever_sends_it() -> None:
    assert renderer().render(item(), draft()).message_id == "20260219103045.7@example.com"


def test_what_people_choose_is_escaped_in_html() -> None:
    message = renderer().render(item(), draft())

    assert "Example &lt;b&gt;" in message.html
    assert "Example <b>" in message.text


def test_a_language_that_is_there_is_spoken(tmp_path: Path) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo {{ username }}\n")

    for locale in ("de", "de-AT", "DE-at"):
        message = renderer(tmp_path).render(item(), draft(locale=locale))
        assert (message.subject, message.text) == ("Neues Passwort", "Hallo ada\n")
        assert "Set a new password" in message.html  # what is not translated is English


@pytest.mark.parametrize("locale", [None, "", "fr", "../../../../etc", "en/../../secrets", "\x00", "x" * 300])
def test_any_other_language_is_answered_in_english(tmp_path: Path, locale: str | None) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo\n")
    secret = tmp_path.parent / "secrets"
    secret.mkdir(exist_ok=True)

    assert renderer(tmp_path).render(item(), draft(locale=locale)).subject == "Set a new password"


def test_an_operators_own_text_wins(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: Own  text \nOwn {{ link }}\n")

    message = renderer(tmp_path).render(item(), draft())

    assert message.subject == "Own text"
    assert message.text == f"Own {FRONTEND}/account/reset-password#token={TOKEN}\n"


def test_a_wrong_template_is_an_error_and_not_an_empty_place(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: x\n{{ usrname }}\n")

    with pytest.raises(UndefinedError):
        renderer(tmp_path).render(item(), draft())


@pytest.mark.parametrize(("locale", "subject"), [(None, "Neues Passwort"), ("en", "Set a new password")])
def test_without_a_language_of_the_account_the_request_s_counts(
    tmp_path: Path, locale: str | None, subject: str
) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo")
    write(tmp_path, "de", "password_reset.html", "<p>Hallo")
    asked_in_german = structs.replace(item(), request_context=RequestContext(language="de-AT"))

    message = renderer(tmp_path).render(asked_in_german, draft(locale=locale))

    assert message.subject == subject


@pytest.mark.parametrize("locale", [None, "xx", "en"])
def test_templates_are_read_once(locale: str | None) -> None:
    """Compiling them takes a tenth of a second of the event loop."""
    writer = renderer()

    assert writer._environment(locale) is writer._environment(locale)  # noqa: SLF001 - nobody else sees it
