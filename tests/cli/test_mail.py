"""`auth-api mail test`, against real mail servers on loopback that refuse at every step."""

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

PASSWORD = "hunter2-and-more"
SENDER = "Acme Notes <no-reply@example.com>"


class Refusals:
    """What a server answers to each command; it takes everything else."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Any] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802 - as above
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.taken.append(envelope)
        return self.answers.get("data", "250 OK")


@contextmanager
def mail_server(handler: Refusals, **options: Any) -> Iterator[int]:
    """Run a server, and yield its port."""
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that nobody vouches for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(make_certificate(tmp_path))
    return context


@pytest.fixture
def mail_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that runs the command with these variables."""
    monkeypatch.chdir(tmp_path)
    asked = []

    def run(address: str = "ada@example.org", **variables: str) -> Result:
        env = {"ENVIRONMENT": "development", "MAIL_FROM": SENDER, "SMTP_URL": "", "MAIL_FOLDER": "", **variables}
        asked.append(CliRunner().invoke(commands, ["mail", "test", address], env=env))
        return asked[-1]

    yield run
    assert asked
    assert [done.output for done in asked if PASSWORD in done.output] == []


def told(done: Result) -> tuple[int, str]:
    assert len(done.output.splitlines()) == 1
    return done.exit_code, done.output.removeprefix("Error: ").strip()


def test_a_mail_that_was_taken_is_told(mail_test: Any) -> None:
    handler = Refusals()
    with mail_server(handler) as port:
        done = mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none")

    assert told(done) == (0, f"127.0.0.1:{port} took a mail from no-reply@example.com to ada@example.org.")
    (envelope,) = handler.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.com", ["ada@example.org"])
    assert b"Subject: Test mail of Acme Notes" in envelope.content


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (
            {"mail": "553 5.7.1 no-reply@example.com is not yours"},
            "refused the sender no-reply@example.com (553 5.7.1). Set MAIL_FROM to an address",
        ),
        ({"rcpt": "550 5.1.1 who?"}, "refused the recipient ada@example.org (550 5.1.1). Check the address"),
        ({"rcpt": "450 later"}, "refused the recipient ada@example.org (450). Check the address"),
        ({"data": "554 5.7.0 spam"}, "took the addresses, but not the mail (554 5.7.0). Its operator knows"),
    ],
    ids=["the sender", "the recipient", "the recipient, for now", "the mail"],
)
def test_what_the_server_refuses_is_told_by_its_numbers(mail_test: Any, answers: dict[str, str], sentence: str) -> None:
    with mail_server(Refusals(**answers)) as port:
        status, said = told(mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert said.startswith(f"127.0.0.1:{port} {sentence}")


def test_a_refused_login_is_told_without_the_password(mail_test: Any) -> None:
    def refuse(_server: Any, _session: Any, _envelope: Any, _mechanism: str, _data: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with mail_server(Refusals(), authenticator=refuse, auth_require_tls=False) as port:
        status, said = told(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert said.startswith(f"127.0.0.1:{port} did not accept the login (535 5.7.8). Check user and password")


def test_a_server_without_logins_is_told(mail_test: Any) -> None:
    with mail_server(Refusals()) as port:
        status, said = told(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}?tls=none"))

    assert status == 1
    assert said.startswith(f"127.0.0.1:{port} did not accept the login (it does not offer this).")


def test_a_server_without_tls_is_told(mail_test: Any) -> None:
    with mail_server(Refusals()) as port:
        status, said = told(mail_test(SMTP_URL=f"smtp://ada:{PASSWORD}@127.0.0.1:{port}"))

    assert status == 1
    assert said.startswith(f"127.0.0.1:{port} answers, but not by TLS (it does not offer this).")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_is_told(
    mail_test: Any, certificate: ssl.SSLContext, scheme: str
) -> None:
    options = {"ssl_context": certificate} if scheme == "smtps" else {"tls_context": certificate}
    with mail_server(Refusals(), **options) as port:
        status, said = told(mail_test(SMTP_URL=f"{scheme}://127.0.0.1:{port}"))

    assert status == 1
    assert said.startswith(
        f"127.0.0.1:{port} answers, but not by TLS (its certificate does not prove that it is this host). Name the host"
    )


def test_a_server_that_is_not_there_is_told(mail_test: Any) -> None:
    port = free_port()

    status, said = told(mail_test(SMTP_URL=f"smtp://127.0.0.1:{port}"))

    assert status == 1
    assert said.startswith(f"Could not connect to 127.0.0.1:{port} (nothing listens there). Check host and port")


def test_in_development_the_mail_lies_in_the_folder(mail_test: Any, tmp_path: Path) -> None:
    done = mail_test(MAIL_FOLDER=str(tmp_path / "mail"))

    assert told(done) == (0, f"No SMTP_URL is set: the mail lies in {tmp_path / 'mail'}, and /dev/mailbox shows it.")
    (mail,) = (tmp_path / "mail").glob("*.eml")
    assert b"To: ada@example.org" in mail.read_bytes()


def test_a_folder_that_cannot_be_written_to_is_told(mail_test: Any, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")

    status, said = told(mail_test(MAIL_FOLDER=str(tmp_path / "mail")))

    assert status == 1
    assert said.startswith(f"Could not write into {tmp_path / 'mail'} (")


def test_where_mail_is_off_the_settings_are_named(mail_test: Any) -> None:
    assert told(mail_test(ENVIRONMENT="testing", JWT_SECRET_KEY="a-secret-that-only-the-tests-know-0123456789")) == (
        1,
        "Mail is off. Set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM.",
    )


def test_what_is_no_address_is_told(deployment: Deployment) -> None:
    done = deployment.command("mail", "test", "nobody")

    assert (done.returncode, done.stdout) == (1, "")
    assert "email:" in done.stderr
