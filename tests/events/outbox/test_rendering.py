"""From a draft to a mail: templates, languages, an operator's own texts."""

from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from msgspec import structs

from auth_api.composition import MAIL_KINDS
from auth_api.events.outbox.kinds import Draft, MailKind, OutboxItem
from auth_api.events.outbox.rendering import Renderer
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.request_context import RequestContext

TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"
FRONTEND = "https://app.example.com"
SENDER = Address("Example <b>", addr_spec="no-reply@example.com")


ITEM = OutboxItem(
    id=7,
    kind_name="password_reset",
    user_id=1,
    email=None,
    parameters={},
    request_context=RequestContext(
        ip_address="203.0.113.7", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    ),
    attempts=1,
    created_at=datetime(2026, 2, 19, 10, 30, 45, 123456, tzinfo=UTC),
    age=0,
)


def draft(*, locale: str | None = None, token: str | None = TOKEN) -> Draft:
    return Draft(recipient="ada@example.com", username="ada", locale=locale, token=token)


def renderer(templates: Path | None = None) -> Renderer:
    policy = MailPolicy(
        folder="mail", sender=SENDER, frontend_url=FRONTEND, templates=str(templates) if templates else None
    )
    return Renderer(policy, MAIL_KINDS)


def render(
    kind: MailKind = PASSWORD_RESET,
    *,
    templates: Path | None = None,
    item: OutboxItem = ITEM,
    locale: str | None = None,
) -> Message:
    return renderer(templates).render(kind, item, draft(locale=locale, token=TOKEN if kind.purpose else None))


def write(folder: Path, language: str, name: str, text: str) -> None:
    (folder / language).mkdir(exist_ok=True)
    (folder / language / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("kind", MAIL_KINDS, ids=lambda kind: kind.name)
def test_mail_has_subject_text_html_and_link(kind: MailKind) -> None:
    message = render(kind)

    assert 0 < len(message.subject) <= 78
    assert not message.subject.startswith("Subject")
    for body in (message.text, message.html):
        assert "ada" in body
        if kind.path is not None:
            assert f"{FRONTEND}{kind.path}#token={TOKEN}" in body
            assert body.count(TOKEN) >= 2  # in the link, and as a code to paste
    assert "<html" in message.html
    assert "<" not in message.text.replace("<b>", "")


def test_mail_kind_has_a_path_exactly_if_it_has_a_token() -> None:
    assert {kind.name for kind in MAIL_KINDS if (kind.path is None) != (kind.purpose is None)} == set()


def test_mail_kind_names_are_unique_and_never_renamed() -> None:
    """Rows of the outbox hold them."""
    assert sorted(kind.name for kind in MAIL_KINDS) == [
        "account_deleted",
        "email_change",
        "email_changed",
        "email_verification",
        "new_network",
        "password_changed",
        "password_reset",
        "registration",
        "registration_attempt",
        "token_reused",
    ]


def test_message_id_is_made_of_the_row_only() -> None:
    assert render().message_id == "20260219103045123456.7@example.com"


def test_what_people_choose_is_escaped_in_html() -> None:
    message = render()

    assert "Example &lt;b&gt;" in message.html
    assert "Example <b>" in message.text


def test_a_language_that_is_there_is_spoken(tmp_path: Path) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo {{ username }}\n")

    for locale in ("de", "de-AT", "DE-at"):
        message = render(templates=tmp_path, locale=locale)
        assert (message.subject, message.text) == ("Neues Passwort", "Hallo ada\n")
        assert "Set a new password" in message.html  # what is not translated is English


@pytest.mark.parametrize("locale", [None, "", "fr", "../../../../etc", "en/../../secrets", "\x00", "x" * 300])
def test_any_other_language_is_answered_in_english(tmp_path: Path, locale: str | None) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo\n")
    secret = tmp_path.parent / "secrets"
    secret.mkdir(exist_ok=True)

    assert render(templates=tmp_path, locale=locale).subject == "Set a new password"


def test_an_operators_own_text_wins(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: Own  text \nOwn {{ link }}\n")

    message = render(templates=tmp_path)

    assert message.subject == "Own text"
    assert message.text == f"Own {FRONTEND}/account/reset-password#token={TOKEN}\n"


def test_a_wrong_template_is_an_error_and_not_an_empty_place(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: x\n{{ usrname }}\n")

    with pytest.raises(UndefinedError):
        render(templates=tmp_path)


@pytest.mark.parametrize(("locale", "subject"), [(None, "Neues Passwort"), ("en", "Set a new password")])
def test_without_a_language_of_the_account_the_request_s_counts(
    tmp_path: Path, locale: str | None, subject: str
) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo")
    write(tmp_path, "de", "password_reset.html", "<p>Hallo")
    asked_in_german = structs.replace(ITEM, request_context=RequestContext(language="de-AT"))

    message = render(templates=tmp_path, item=asked_in_german, locale=locale)

    assert message.subject == subject


@pytest.mark.parametrize("locale", [None, "xx", "en"])
def test_templates_are_read_once(locale: str | None) -> None:
    """Compiling them takes a tenth of a second of the event loop."""
    writer = renderer()

    assert writer._environment(locale) is writer._environment(locale)  # noqa: SLF001 - nobody else sees it
