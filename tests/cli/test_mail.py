"""`auth-api mail test` with mail servers on loopback that reject at each step."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner, Result

from auth_api.cli import commands
from tests.support.certificates import make_certificate
from tests.support.deployment import Deployment
from tests.support.processes import free_port
from tests.support.waiting import TIMEOUT_SECONDS

PASSWORD = "hunter2-and-more"
SENDER = "Acme Notes <no-reply@example.com>"


class ReplyHandler:
    """Replies of a mail server by command; it accepts all other commands."""

    def __init__(self, **replies: str) -> None:
        self.replies = replies
        self.accepted: list[Any] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802 - as above
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("rcpt", "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.accepted.append(envelope)
        return self.replies.get("data", "250 OK")


@contextmanager
def mail_server(handler: ReplyHandler, **options: Any) -> Iterator[int]:
    """Run a server, and yield its port."""
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=TIMEOUT_SECONDS, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """TLS of a server with a self-signed certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificate(tmp_path))
    return context


@pytest.fixture
def mail_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that runs the command with these variables."""
    monkeypatch.chdir(tmp_path)
    results = []

    def run(address: str = "ada@example.org", **variables: str) -> Result:
        env = {"ENVIRONMENT": "development", "MAIL_FROM": SENDER, "SMTP_URL": "", "MAIL_FOLDER": "", **variables}
        results.append(CliRunner().invoke(commands, ["mail", "test", address], env=env))
        return results[-1]

    yield run
    assert results
    assert [done.output for done in results if PASSWORD in done.output] == []


def outcome(done: Result) -> tuple[int, str]:
    assert len(done.output.splitlines()) == 1
    return done.exit_code, done.output.removeprefix("Error: ").strip()


def test_accepted_mail_is_reported(mail_test: Any) -> None:
    handler = ReplyHandler()
    with mail_server(handler) as port:
        done = mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none")

    assert outcome(done) == (0, f"127.0.0.1:{port} accepted a mail from no-reply@example.com to ada@example.org.")
    (envelope,) = handler.accepted
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.com", ["ada@example.org"])
    assert b"Subject: Test mail from Acme Notes" in envelope.content


@pytest.mark.parametrize(
    ("replies", "sentence"),
    [
        (
            {"mail": "553 5.7.1 no-reply@example.com is not yours"},
            "rejected the sender no-reply@example.com (553 5.7.1). Set MAIL_FROM to an address",
        ),
        ({"rcpt": "550 5.1.1 who?"}, "rejected the recipient ada@example.org (550 5.1.1). Check the address"),
        ({"rcpt": "450 later"}, "does not accept mail for ada@example.org now (450). Try again later"),
        ({"data": "554 5.7.0 spam"}, "accepted the addresses but rejected the mail (554 5.7.0). Ask its operator"),
    ],
    ids=["sender", "recipient", "recipient for now", "content"],
)
def test_rejection_is_explained_with_its_code(mail_test: Any, replies: dict[str, str], sentence: str) -> None:
    with mail_server(ReplyHandler(**replies)) as port:
        status, message = outcome(mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert message.startswith(f"127.0.0.1:{port} {sentence}")


def test_rejected_login_is_explained_without_the_password(mail_test: Any) -> None:
    def reject(_server: Any, _session: Any, _envelope: Any, _mechanism: str, _data: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with mail_server(ReplyHandler(), authenticator=reject, auth_require_tls=False) as port:
        status, message = outcome(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert message.startswith(f"127.0.0.1:{port} rejected the login (535 5.7.8). Check user and password")


def test_server_without_login_support_is_explained(mail_test: Any) -> None:
    with mail_server(ReplyHandler()) as port:
        status, message = outcome(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert message.startswith(f"127.0.0.1:{port} rejected the login (it does not offer a login).")


def test_server_without_tls_is_explained(mail_test: Any) -> None:
    with mail_server(ReplyHandler()) as port:
        status, message = outcome(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}"))

    assert status == 1
    assert message.startswith(f"TLS with 127.0.0.1:{port} failed (it does not offer STARTTLS).")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_untrusted_certificate_is_explained(mail_test: Any, certificate: ssl.SSLContext, scheme: str) -> None:
    options = {"ssl_context": certificate} if scheme == "smtps" else {"tls_context": certificate}
    with mail_server(ReplyHandler(), **options) as port:
        status, message = outcome(mail_test(SMTP_URL=f"{scheme}://127.0.0.1:{port}"))

    assert status == 1
    assert message.startswith(
        f"TLS with 127.0.0.1:{port} failed (its certificate is not trusted for this host). Use the host name"
    )


def test_unreachable_server_is_explained(mail_test: Any) -> None:
    port = free_port()

    status, message = outcome(mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}"))

    assert status == 1
    assert message.startswith(f"The connection to 127.0.0.1:{port} failed (it was refused). Check host and port")


def test_development_writes_the_mail_to_the_folder(mail_test: Any, tmp_path: Path) -> None:
    done = mail_test(MAIL_FOLDER=str(tmp_path / "mail"))

    assert outcome(done) == (
        0,
        f"SMTP_URL is not set: the mail was written to {tmp_path / 'mail'}, and /dev/mailbox shows it.",
    )
    (mail,) = (tmp_path / "mail").glob("*.eml")
    assert b"To: ada@example.org" in mail.read_bytes()


def test_unwritable_folder_is_explained(mail_test: Any, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")

    status, message = outcome(mail_test(MAIL_FOLDER=str(tmp_path / "mail")))

    assert status == 1
    assert message.startswith(f"Writing to {tmp_path / 'mail'} failed (")


def test_disabled_mail_is_explained_with_the_settings(mail_test: Any) -> None:
    assert outcome(mail_test(ENVIRONMENT="testing", JWT_SECRET_KEY="a-secret-that-only-the-tests-know-0123456789")) == (
        1,
        "Mail is off. Set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM.",
    )


def test_invalid_address_is_rejected(deployment: Deployment) -> None:
    done = deployment.command("mail", "test", "ada")

    assert (done.returncode, done.stdout) == (1, "")
    assert "email:" in done.stderr
