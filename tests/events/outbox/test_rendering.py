"""Rendering of mails: templates, languages, an operator's own texts."""

from pathlib import Path

import pytest
from msgspec import structs

from auth_api.events.outbox.rendering import RenderingError
from auth_api.kit.request_context import RequestContext
from tests.support.mail_rendering import FRONTEND, ITEM, TOKEN, render, renderer


def write(folder: Path, language: str, name: str, text: str) -> None:
    (folder / language).mkdir(exist_ok=True)
    (folder / language / name).write_text(text, encoding="utf-8")


def test_message_id_is_made_of_the_row_only() -> None:
    assert render().message_id == "20260219103045123456.7@example.com"


def test_html_escapes_every_value() -> None:
    message = render()

    assert "Example &lt;b&gt;" in message.html
    assert "Example <b>" in message.text


def test_language_of_the_user_is_used_where_it_has_templates(tmp_path: Path) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo {{ username }}\n")

    for locale in ("de", "de-AT", "DE-at"):
        message = render(templates=tmp_path, locale=locale)
        assert (message.subject, message.text) == ("Neues Passwort", "Hallo ada\n")
        assert "Neues Passwort festlegen" in message.html  # the built-in one


def test_text_that_a_language_lacks_is_english(tmp_path: Path) -> None:
    write(tmp_path, "fr", "password_reset.txt", "Subject: Nouveau mot de passe\nBonjour {{ username }}\n")

    message = render(templates=tmp_path, locale="fr-CH")

    assert message.subject == "Nouveau mot de passe"
    assert "Set a new password" in message.html


@pytest.mark.parametrize("locale", [None, "", "fr", "../../../../etc", "en/../../secrets", "\x00", "x" * 300])
def test_language_without_templates_falls_back_to_english(tmp_path: Path, locale: str | None) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo\n")
    secret = tmp_path.parent / "secrets"
    secret.mkdir(exist_ok=True)

    assert render(templates=tmp_path, locale=locale).subject == "Set a new password"


def test_operators_template_is_preferred(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: Own  text \nOwn {{ link }}\n")

    message = render(templates=tmp_path)

    assert message.subject == "Own text"
    assert message.text == f"Own {FRONTEND}/account/reset-password#token={TOKEN}\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("product", "Example <b>"),
        ("recipient", "ada@example.com"),
        ("username", "ada"),
        ("token", TOKEN),
        ("link", f"{FRONTEND}/account/reset-password#token={TOKEN}"),
        ("minutes", "30"),
        ("ip_address", "203.0.113.7"),
        ("device", "Firefox on Linux"),
        ("created_at", "2026-02-19 10:30:45.123456+00:00"),
        ("parameters", "{}"),
    ],
)
def test_operators_template_can_use_every_documented_value(tmp_path: Path, value: str, text: str) -> None:
    write(tmp_path, "en", "password_reset.txt", f"Subject: x\n{{{{ {value} }}}}")

    assert render(templates=tmp_path).text == f"{text}\n"


def test_template_with_an_unknown_value_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.txt", "Subject: x\n{{ usrname }}\n")

    with pytest.raises(RenderingError, match="'usrname' is undefined"):
        render(templates=tmp_path)


@pytest.mark.parametrize(
    ("text", "error_type"),
    [
        (b"{{ minutes + 'x' }}", "TypeError"),
        (b"{{ minutes // 0 }}", "ZeroDivisionError"),
        (b"{{ link.missing.more }}", "UndefinedError"),
        (b"{{ created_at.strftime(1) }}", "TypeError"),
        (b"{% if %}", "TemplateSyntaxError"),
        (b"{% include 'missing.txt' %}", "TemplateNotFound"),
        ("Grüße".encode("latin-1"), "UnicodeDecodeError"),
        ("Subject: x".encode("utf-16"), "UnicodeDecodeError"),
    ],
)
@pytest.mark.parametrize("suffix", ["txt", "html"])
def test_each_failure_of_a_template_names_it(tmp_path: Path, text: bytes, error_type: str, suffix: str) -> None:
    write(tmp_path, "en", f"password_reset.{suffix}", "")
    (tmp_path / "en" / f"password_reset.{suffix}").write_bytes(text)

    with pytest.raises(RenderingError) as caught:
        render(templates=tmp_path)

    assert (caught.value.template, caught.value.error_type) == (f"en/password_reset.{suffix}", error_type)


@pytest.mark.parametrize("start", ["\ufeff", "\n\n", "\ufeff \r\n\n", "{# a remark #}\n", "{% set x = 1 %}\n\n"])
def test_subject_is_found_after_a_byte_order_mark_and_empty_lines(tmp_path: Path, start: str) -> None:
    write(tmp_path, "en", "password_reset.txt", f"{start}Subject: Own subject\n\nOwn text\n")

    message = render(templates=tmp_path)

    assert (message.subject, message.text) == ("Own subject", "Own text\n")


def test_template_with_one_half_of_a_mail_replaces_that_half(tmp_path: Path) -> None:
    write(tmp_path, "en", "password_reset.html", "<p>Own text")

    message = render(templates=tmp_path)

    assert (message.subject, message.html) == ("Set a new password", "<p>Own text")


@pytest.mark.parametrize(
    ("folder", "locale"),
    [
        ("zh-Hant", "zh-Hant-TW"),
        ("zh_Hant", "zh-hant-tw"),
        ("zh", "zh-Hant-TW"),
        ("pt_BR", "pt-BR"),
        ("pt-BR", "pt-br"),
        ("PT", "pt-BR"),
        ("de", "gsw,de"),
        ("de", "fr-CH,de-AT,en"),
        ("zh-Hant-CN", "zh-Hant-CN-x-private1"),
    ],
)
def test_language_is_looked_up_as_rfc_4647_says(tmp_path: Path, folder: str, locale: str) -> None:
    write(tmp_path, folder, "password_reset.txt", "Subject: Found\n")
    write(tmp_path, folder, "password_reset.html", "<p>")

    assert render(templates=tmp_path, locale=locale).subject == "Found"


def test_more_preferred_language_wins(tmp_path: Path) -> None:
    for language in ("de", "fr", "zh", "zh-Hant"):
        write(tmp_path, language, "password_reset.txt", f"Subject: {language}\n")

    assert render(templates=tmp_path, locale="gsw,fr-CH,de").subject == "fr"
    assert render(templates=tmp_path, locale="zh-Hant-TW").subject == "zh-Hant"
    assert render(templates=tmp_path, locale="en-GB,de").subject == "Set a new password"


@pytest.mark.parametrize(("locale", "subject"), [(None, "Neues Passwort"), ("en", "Set a new password")])
def test_language_of_the_request_is_used_if_the_user_has_none(tmp_path: Path, locale: str | None, subject: str) -> None:
    write(tmp_path, "de", "password_reset.txt", "Subject: Neues Passwort\nHallo")
    write(tmp_path, "de", "password_reset.html", "<p>Hallo")
    requested_in_german = structs.replace(ITEM, request_context=RequestContext(language="de-AT"))

    message = render(templates=tmp_path, item=requested_in_german, locale=locale)

    assert message.subject == subject


@pytest.mark.parametrize("locale", [None, "xx", "en"])
def test_templates_are_compiled_once_per_language(locale: str | None) -> None:
    """Compiling them takes a tenth of a second of the event loop."""
    writer = renderer()

    assert writer._environment(locale) is writer._environment(locale)  # noqa: SLF001 - has no public view
