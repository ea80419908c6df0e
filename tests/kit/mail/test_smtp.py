"""Sending mails to a real SMTP server: TLS, login, and the meaning of its replies."""

import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from pathlib import Path
from urllib.parse import quote

import pytest

from auth_api.kit.mail.failures import PermanentMailError, TransientMailError
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer
from tests.support.certificates import make_certificate
from tests.support.mail_server import LOGIN, MailServer
from tests.support.processes import free_port

SENDER = Address("Bücher & Co", addr_spec="no-reply@example.com")
MESSAGE = Message(
    message_id="20260219103045.7@example.com",
    recipient="ada@example.com",
    subject="Grüße",
    text="Hello Ada,\n.\n",
    html="<p>Hello Ada</p>",
)
LOGIN_PART = f"{LOGIN[0]}:{quote(LOGIN[1], safe='')}@"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def mailer(url: str, context: ssl.SSLContext | None = None) -> SmtpMailer:
    return SmtpMailer(SmtpServer.from_url(url), SENDER, context)


async def test_mail_arrives_unchanged(server: MailServer) -> None:
    await mailer(server.url()).send(MESSAGE)

    ((envelope, message),) = server.received
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.com", ["ada@example.com"])
    assert message["From"] == "Bücher & Co <no-reply@example.com>"
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Grüße"
    assert message["Message-ID"] == "<20260219103045.7@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    text, html = (part.get_content() for part in message.iter_parts())
    assert text.replace("\r\n", "\n") == MESSAGE.text
    assert html.replace("\r\n", "\n").strip() == MESSAGE.html


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_login_is_sent_over_tls(certificate: Path, tls: str) -> None:
    # aiosmtpd does not accept a login with implicit TLS
    with MailServer(tls=tls, certificate=certificate, needs_login=tls == "starttls") as server:
        login = LOGIN_PART if tls == "starttls" else ""

        await mailer(server.url(login), trusting(certificate)).send(MESSAGE)

        assert len(server.received) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_server_with_an_untrusted_certificate_gets_no_mail(certificate: Path, tls: str) -> None:
    with MailServer(tls=tls, certificate=certificate) as server:
        with pytest.raises(TransientMailError):
            await mailer(server.url()).send(MESSAGE)

        assert server.received == []


async def test_server_without_tls_gets_no_mail_unless_allowed(server: MailServer) -> None:
    """An attacker who removes STARTTLS from the session learns nothing (RFC 3207 §6)."""
    with pytest.raises(TransientMailError):
        await mailer(server.url().removesuffix("?tls=none")).send(MESSAGE)

    assert server.received == []


async def test_rejected_login_is_a_transient_error(certificate: Path) -> None:
    with MailServer(tls="starttls", certificate=certificate, needs_login=True) as server:
        with pytest.raises(TransientMailError):
            await mailer(server.url("wrong:login@"), trusting(certificate)).send(MESSAGE)

        assert server.received == []


@pytest.mark.parametrize("code", [550, 551, 553])
async def test_unknown_recipient_is_a_permanent_error(server: MailServer, code: int) -> None:
    server.responses["ada@example.com"] = f"{code} no such user ada@example.com"

    with pytest.raises(PermanentMailError) as refused:
        await mailer(server.url()).send(MESSAGE)

    assert "ada" not in repr(refused.value)


@pytest.mark.parametrize("code", [421, 450, 451, 452, 552, 554])
async def test_other_rejections_are_transient_errors(server: MailServer, code: int) -> None:
    """554 is a policy or a blocklist: it concerns the sender, not the recipient."""
    server.responses["ada@example.com"] = f"{code} not now, ada@example.com"

    with pytest.raises(TransientMailError) as failed:
        await mailer(server.url()).send(MESSAGE)

    assert "ada" not in repr(failed.value)


async def test_unreachable_server_is_a_transient_error() -> None:
    with pytest.raises(TransientMailError):
        await mailer(f"smtp://127.0.0.1:{free_port()}?tls=none").send(MESSAGE)


async def test_line_break_in_a_value_cannot_add_a_header(server: MailServer) -> None:
    with pytest.raises(TransientMailError):
        await mailer(server.url()).send(
            Message(
                message_id=MESSAGE.message_id,
                recipient="ada@example.com\r\nBcc: eve@example.com",
                subject=MESSAGE.subject,
                text=MESSAGE.text,
                html=MESSAGE.html,
            )
        )

    assert server.received == []


def test_message_repr_contains_no_token() -> None:
    assert repr(MESSAGE) == "Message(20260219103045.7@example.com)"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, None, None, "starttls")),
        ("smtps://mail.example.com", ("mail.example.com", 465, None, None, "implicit")),
        ("smtp://u:p%40ss%2F@mail.example.com:2525/", ("mail.example.com", 2525, "u", "p@ss/", "starttls")),
        ("smtp://127.0.0.1:25?tls=none", ("127.0.0.1", 25, None, None, "none")),
    ],
)
def test_server_url_is_parsed(url: str, expected: tuple[object, ...]) -> None:
    server = SmtpServer.from_url(url)

    assert (server.host, server.port, server.username, server.password, server.tls) == expected
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?tls=maybe",
        "smtps://mail.example.com?tls=none",
        "smtp://user@mail.example.com",
        "smtp://mail.example.com:port",
    ],
)
def test_invalid_server_url_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        SmtpServer.from_url(url)


def test_tls_context_is_created_once_and_only_for_tls() -> None:
    """Creating it blocks the event loop for 0.1 s, for each mail of a backlog."""
    encrypted, plain = mailer("smtps://mail.example.com"), mailer("smtp://mail.example.com?tls=none")

    first = encrypted._tls_context()  # noqa: SLF001 - has no public view

    assert first is not None
    assert encrypted._tls_context() is first  # noqa: SLF001 - as above
    assert plain._tls_context() is None  # noqa: SLF001 - as above
