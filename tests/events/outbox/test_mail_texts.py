"""The texts of all mails: a greeting, what happened, what to do if it was the reader, and what if it was not."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from msgspec import structs

from auth_api.events.outbox.kinds import MailKind
from auth_api.features import MAIL_KINDS
from auth_api.flows.administration.mails import ACCOUNT_CREATED
from auth_api.flows.invitations.mails import INVITATION
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.flows.role_administration.mails import ROLE_GRANTED, ROLE_REVOKED
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens import purpose
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.sign_in.mails import NEW_NETWORK
from tests.support.mail_rendering import FRONTEND, ITEM, TOKEN, render

OTHERS_ACTS = (ACCOUNT_CREATED, INVITATION, ROLE_GRANTED, ROLE_REVOKED)
"""The mails about what another person did, which do not ask whether it was the reader."""

EACH_KIND = pytest.mark.parametrize("kind", MAIL_KINDS, ids=lambda kind: kind.name)


class Paragraphs(HTMLParser):
    """Collects the text of each paragraph of a page, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.link_labels: list[str] = []
        self._tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            self.texts.append("")
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")
            self.link_labels.append("")
        elif tag == "br":
            return
        self._tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._tags and self._tags.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "a" in self._tags:
            self.link_labels[-1] += data
        elif "p" in self._tags:
            self.texts[-1] += data


def words(text: str) -> str:
    return " ".join(text.split())


def link_of(kind: MailKind) -> str:
    return f"{FRONTEND}{kind.path}#token={TOKEN}"


def paragraphs_of(kind: MailKind, username: str | None = "ada") -> list[str]:
    return render(kind, username=username).text.rstrip("\n").split("\n\n")


@EACH_KIND
@pytest.mark.parametrize(("username", "greeting"), [("ada", "Hello ada,"), (None, "Hello,")])
def test_mail_greets_and_says_what_happened_in_one_sentence(
    kind: MailKind, username: str | None, greeting: str
) -> None:
    paragraphs = paragraphs_of(kind, username)

    assert paragraphs[0] == greeting
    assert re.fullmatch(r"(Someone, probably you, |Your |The |An? |New |Two-step login )[^.]+\.", paragraphs[1])
    assert "Example <b>" in paragraphs[1]


@pytest.mark.parametrize("kind", [kind for kind in MAIL_KINDS if kind not in OTHERS_ACTS], ids=lambda kind: kind.name)
def test_mail_says_what_to_do_if_it_was_the_reader_and_then_what_if_not(kind: MailKind) -> None:
    openings = [opening for text in paragraphs_of(kind) if (opening := re.match(r"If this was(n't)? you, ", text))]

    assert [opening[0] for opening in openings] == ["If this was you, ", "If this wasn't you, "]


@EACH_KIND
def test_mail_that_someone_asked_for_can_be_ignored(kind: MailKind) -> None:
    """A reader who did not ask for it must not be led to the account."""
    text = render(kind).text
    is_request = kind.purpose is not Purpose.SESSION_REPORT and "Someone, probably you, " in text

    assert is_request == ("If this wasn't you, you can ignore this e-mail." in text)


@EACH_KIND
def test_sentences_begin_with_a_capital_letter(kind: MailKind) -> None:
    message = render(kind)
    prose = [text for text in message.text.split("\n\n") if text.strip() != TOKEN and "://" not in text]

    sentences = [sentence for text in (message.subject, *prose) for sentence in text.split(". ")]
    assert [sentence for sentence in sentences if not sentence[0].isupper()] == []


@EACH_KIND
def test_mails_have_one_kind_of_quotes_apostrophes_and_contractions(kind: MailKind) -> None:
    message = render(kind)
    text = " ".join([message.subject, message.text, *Paragraphs(message.html).texts])

    assert re.findall(r"[\"\u2018\u2019]|\byou did not\b", text) == []


@EACH_KIND
def test_subject_is_one_short_line(kind: MailKind) -> None:
    subject = render(kind).subject

    assert 0 < len(subject) <= 60
    assert not subject.startswith("Subject")


@EACH_KIND
def test_link_is_on_a_line_of_its_own_and_followed_by_the_code(kind: MailKind) -> None:
    text = render(kind).text
    if kind.path is None:
        assert "://" not in text
        return
    assert text.partition(f"\n\n{link_of(kind)}\n\n")[2].startswith(
        f"If the link does not work, open {FRONTEND}{kind.path} and paste this code:\n\n{TOKEN}\n"
    )


@EACH_KIND
def test_html_says_the_same_as_the_text(kind: MailKind) -> None:
    message = render(kind)
    html = Paragraphs(message.html)

    expected = [words(text) for text in message.text.split("\n\n") if text != link_of(kind)]
    assert [words(text) for text in html.texts if text.strip()] == expected
    assert html.links == [link for link in [link_of(kind)] if link in message.text.splitlines()]
    assert all(label[0].isupper() for label in html.link_labels)
    assert f"<title>{message.subject}</title>" in message.html


@EACH_KIND
def test_text_has_no_gaps(kind: MailKind) -> None:
    text = render(kind).text

    assert "\n\n\n" not in text
    assert all(line == line.strip() for line in text.splitlines())


@pytest.mark.parametrize(
    ("lifetime", "words_of_it"),
    [
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=24), "24 hours"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_lifetime_of_a_link_is_the_one_of_its_token(
    monkeypatch: pytest.MonkeyPatch, lifetime: timedelta, words_of_it: str
) -> None:
    monkeypatch.setitem(purpose._LIFETIMES, Purpose.PASSWORD_RESET, lifetime)  # noqa: SLF001 - has no public setter

    assert f"The link works once, within {words_of_it}:" in render(PASSWORD_RESET).text


@EACH_KIND
def test_mail_with_a_token_names_its_lifetime(kind: MailKind) -> None:
    for body in (render(kind).text, render(kind).html):
        assert ("The link works once, within " in body) == (kind.purpose is not None)


def test_notice_shows_device_ip_address_and_time() -> None:
    assert (
        "\n\nDevice: Firefox on Linux\nIP address: 203.0.113.7\nTime: 19 February 2026, 10:30 UTC\n\n"
        in render(NEW_NETWORK).text
    )


def test_notice_omits_an_unknown_ip_address() -> None:
    item = structs.replace(ITEM, request_context=RequestContext())

    assert (
        "\n\nDevice: an unknown program\nTime: 19 February 2026, 10:30 UTC\n\n" in render(NEW_NETWORK, item=item).text
    )
