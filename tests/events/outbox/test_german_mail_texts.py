"""The German mails say what the English ones say, in the same order, with the same values."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import meta
from msgspec import structs

from auth_api.features import MAIL_KINDS
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.mail.message import Message
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens import purpose
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.sign_in.mails import NEW_NETWORK
from tests.events.outbox.test_mail_texts import OTHERS_ACTS, Paragraphs, link_of, words
from tests.support.mail_rendering import FRONTEND, ITEM, TOKEN, render

FACTORS = {"totp": 1, "passkey": 2, "recovery_codes": 1}

VALUES: list[dict[str, Any]] = [
    {},
    {
        "factor": "passkey",
        "is_two_step": True,
        "is_on": True,
        "kept_factors": FACTORS,
        "kept_identities": ["Acme"],
        "left": 2,
    },
    {"inviter": "grace", "expires_at": datetime(2026, 3, 2, 9, 5, tzinfo=UTC)},
    {
        "is_replacement": True,
        "role": "support",
        "is_disabled": True,
        "removed_factors": FACTORS,
        "new_email": "neu@example.com",
    },
]
"""Values that mails are stored with, so that each condition of a template is true once and false once."""

ENGLISH = re.compile(r"\b(the|your|you|this|was|were|password|account|device|code is|hello)\b", re.IGNORECASE)


def german(**values: Any) -> list[Message]:
    item = structs.replace(ITEM, parameters=values)
    return [render(kind, item=item, locale="de") for kind in MAIL_KINDS]


@pytest.mark.parametrize("values", VALUES, ids=["none", "some", "invitation", "others"])
def test_german_mails_have_the_parts_of_the_english_ones(values: dict[str, Any]) -> None:
    for kind, message in zip(MAIL_KINDS, german(**values), strict=True):
        text = message.text
        paragraphs = text.rstrip("\n").split("\n\n")
        html = Paragraphs(message.html)

        assert 0 < len(message.subject) <= 60
        assert paragraphs[0] == "Guten Tag ada!"
        assert re.fullmatch(r"(Jemand, vermutlich Sie selbst, |[A-Z]\w+ )[^.]+\.", paragraphs[1])
        if kind not in OTHERS_ACTS:
            assert re.findall(r"^Wenn Sie das (?:nicht )?waren, ", text, re.MULTILINE) == [
                "Wenn Sie das waren, ",
                "Wenn Sie das nicht waren, ",
            ]
        assert (" funktioniert nur einmal und nur innerhalb von " in text) == (kind.purpose is not None)
        if kind.path is not None:
            assert text.partition(f"\n\n{link_of(kind)}\n\n")[2].startswith(
                f"Falls der Link nicht funktioniert, öffnen Sie {FRONTEND}{kind.path} und fügen Sie dort diesen Code "
                f"ein:\n\n{TOKEN}\n"
            )
        assert [words(part) for part in html.texts if part.strip()] == [
            words(part) for part in paragraphs if part != link_of(kind)
        ]
        assert f"<title>{message.subject}</title>" in message.html
        assert '<html lang="de">' in message.html
        assert "\n\n\n" not in text


@pytest.mark.parametrize("values", VALUES, ids=["none", "some", "invitation", "others"])
def test_german_mails_contain_no_english(values: dict[str, Any]) -> None:
    texts = [f"{message.subject}\n{message.text}\n{message.html}" for message in german(**values)]

    assert [found[0] for text in texts if (found := ENGLISH.search(re.sub(r"<[^>]+>|https?://\S+", "", text)))] == []


def test_german_templates_use_the_values_of_the_english_ones() -> None:
    folders = {kind.templates for kind in MAIL_KINDS}
    pairs = [(path, folder / "de" / path.name) for folder in folders for path in (folder / "en").iterdir()]

    assert [str(theirs) for ours, theirs in pairs if used_values(ours) != used_values(theirs)] == []


def used_values(path: Path) -> tuple[set[str], set[str]]:
    """Return the values that a template uses, and those that a mail is stored with."""
    source = path.read_text(encoding="utf-8")
    tree = jinja2.Environment(autoescape=True).parse(source)
    return meta.find_undeclared_variables(tree), set(re.findall(r"parameters(?:\.get\(|\[)\"(\w+)\"", source))


def test_german_notice_shows_device_ip_address_and_time() -> None:
    unknown = structs.replace(ITEM, request_context=RequestContext())
    shown, hidden = (render(NEW_NETWORK, item=item, locale="de").text for item in (ITEM, unknown))

    time = "Zeit: 19. Februar 2026, 10:30 Uhr (UTC)\n\n"
    assert f"\n\nGerät: Firefox unter Linux\nIP-Adresse: 203.0.113.7\n{time}" in shown
    assert f"\n\nGerät: ein unbekanntes Programm\n{time}" in hidden


def test_german_lifetime_of_a_link_is_the_one_of_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for lifetime, words_of_it in (
        (timedelta(minutes=90), "90 Minuten"),
        (timedelta(hours=1), "einer Stunde"),
        (timedelta(hours=24), "24 Stunden"),
        (timedelta(days=7), "7 Tagen"),
    ):
        monkeypatch.setitem(purpose._LIFETIMES, Purpose.PASSWORD_RESET, lifetime)  # noqa: SLF001 - has no public setter

        assert f"nur innerhalb von {words_of_it}:" in render(PASSWORD_RESET, locale="de").text
