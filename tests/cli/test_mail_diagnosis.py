"""`auth-api mail test` and `doctor` say what is wrong with mail, at each phase of the conversation."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.doctor.mail import check_mail
from auth_api.kit.mail import smtp
from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from tests.support.certificates import make_certificate
from tests.support.clock import StoppedLoopTime
from tests.support.mail_server import MailServer
from tests.support.scripted_mail_server import CLOSE, SILENCE, ScriptedMailServer

pytestmark = pytest.mark.engine_independent

SENDER: Final = "no-reply@example.com"
RECIPIENT: Final = "ada@example.org"
PASSWORD: Final = "hunter2-and-more"
LOGIN: Final = f"ada:{PASSWORD}@"

# command, reply, login, the beginning of the sentence after host and port, words of the remedy
CASES: Final = [
    ("GREETING", "421 4.7.0 Too many connections", "", "is not available now (421 4.7.0).", "Try again later"),
    ("GREETING", "554 5.7.1 Blocked", "", "is not available now (554 5.7.1).", "blocked this machine"),
    ("EHLO", "550 5.7.1 Bad name", "", "is not available now (550 5.7.1).", "ask its operator"),
    ("EHLO", CLOSE, "", "is not available now (the server closed the connection).", "Try again later"),
    ("EHLO", SILENCE, "", "is not available now (no response in time).", "Try again later"),
    ("AUTH", "535 5.7.8 Wrong", LOGIN, "rejected the login (535 5.7.8).", "Check user and password in SMTP_URL"),
    ("AUTH", "534 5.7.9 App password", LOGIN, "rejected the login (534 5.7.9).", "app password"),
    ("AUTH", "454 4.7.0 Temporary", LOGIN, "is not available now (454 4.7.0).", "Try again later"),
    ("AUTH", "538 5.7.11 Encrypt", LOGIN, "requires TLS (538 5.7.11).", "Remove ?tls=none"),
    ("EHLO", "250 mail.example.com", LOGIN, "rejected the login (it does not offer a login).", "Check user"),
    ("MAIL", "530 5.7.0 Must issue a STARTTLS command first", "", "requires TLS (530 5.7.0).", "Remove ?tls=none"),
    ("MAIL", "530 5.7.0 Authentication required", "", "requires a login (530 5.7.0).", "Put user and password"),
    ("MAIL", "553 5.7.1 Not yours", LOGIN, f"rejected the sender {SENDER} (553 5.7.1).", "Set MAIL_FROM"),
    ("MAIL", "452 4.3.1 Disk full", "", "has a temporary problem (452 4.3.1).", "Try again later"),
]
"""Failures that `doctor` finds as well."""

MAIL_CASES: Final = [
    *CASES,
    ("RCPT", "550 5.1.1 Unknown", "", f"rejected the recipient {RECIPIENT} (550 5.1.1).", "Check the address"),
    ("RCPT", "550", "", f"rejected the recipient {RECIPIENT} (550).", "Check the address"),
    ("RCPT", "450 4.7.1 Greylisted", "", f"does not accept mail for {RECIPIENT} now (450 4.7.1).", "greylisting"),
    ("RCPT", "550 5.2.2 Full", "", f"does not accept mail for {RECIPIENT} now (550 5.2.2).", "full mailbox"),
    ("RCPT", "550 5.7.1 Unable to relay", "", "does not relay mail for this client (550 5.7.1).", "Put user"),
    ("RCPT", "553 5.7.1 Sender address rejected", "", f"rejected the sender {SENDER} (553 5.7.1).", "Set MAIL_FROM"),
    ("RCPT", "550 5.4.5 Daily limit", "", "has reached the sending limit of this account (550 5.4.5).", "Wait"),
    ("RCPT", "554 5.7.1 Blocked", "", "rejected the mail by its policy (554 5.7.1).", "block list"),
    ("RCPT", "421 4.7.0 Later", "", "is not available now (421 4.7.0).", "Try again later"),
    ("DATA", "554 5.7.1 No", "", "accepted the addresses but rejected the mail (554 5.7.1).", "Ask its operator"),
    (".", "554 5.7.1 Spam", "", "accepted the addresses but rejected the mail (554 5.7.1).", "Ask its operator"),
    (".", "454 Throttling failure: Daily quota", "", "has reached the sending limit of this account (454).", "Wait"),
    (".", CLOSE, "", "is not available now (the server closed the connection).", "Try again later"),
]

UNREACHABLE: Final = "failed ({}). Check host and port in SMTP_URL"


@pytest.fixture(autouse=True)
def short_timeout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply that does not come is missed soon, but no other one, however busy the machine is."""
    if {SILENCE, "no response in time"} & set(request.node.callspec.params.values()):
        monkeypatch.setattr(smtp, "STEP_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(smtp, "QUIT_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(ScriptedMailServer, "on_silence", StoppedLoopTime(monkeypatch).go_on)


def run_mail_test(url: str) -> str:
    """Run the command, which must fail with one line, and return the line."""
    env = {"ENVIRONMENT": "development", "MAIL_FROM": f"Acme <{SENDER}>", "SMTP_URL": url}
    done = CliRunner().invoke(commands, ["mail", "test", RECIPIENT], env=env)
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
    assert PASSWORD not in done.output
    return done.output.strip().removeprefix("Error: ")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` is read."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("command", "reply", "login", "sentence", "remedy"), MAIL_CASES)
def test_mail_test_explains_the_failure(command: str, reply: str, login: str, sentence: str, remedy: str) -> None:
    with ScriptedMailServer({command: reply}) as server:
        line = run_mail_test(f"smtp://{login}127.0.0.1:{server.port}?tls=none")

    assert line.startswith(f"127.0.0.1:{server.port} {sentence} ")
    assert remedy in line


@pytest.mark.parametrize(("command", "reply", "login", "sentence", "remedy"), CASES)
async def test_doctor_explains_the_failure(command: str, reply: str, login: str, sentence: str, remedy: str) -> None:
    with ScriptedMailServer({command: reply}) as server:
        url = f"smtp://{login}127.0.0.1:{server.port}?tls=none"
        policy = MailPolicy(server=SmtpServer.from_url(url), sender=Address("", addr_spec=SENDER), frontend_url="")
        finding = await check_mail(policy, is_production=True)

    assert (finding.verdict, finding.message) == ("fail", f"127.0.0.1:{server.port} {sentence}")
    assert remedy in (finding.fix or "")
    assert server.asked == []


@contextmanager
def other_server(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """Run a server that is not an SMTP server, and yield its port."""

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            talk(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Write nothing: clients may break the connection."""

    with Server(("127.0.0.1", 0), Connection) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def wait_for_request(connection: socket.socket) -> None:
    """Behave as an HTTP server, or one that expects TLS: wait for the client, then reject what it sent."""
    ScriptedMailServer.on_silence()
    if connection.recv(1024):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def greet_as_http(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")


def greet_as_ssh(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def send_garbage(connection: socket.socket) -> None:
    connection.sendall(bytes(range(256)) * 200 + b"\n")
    wait_for_request(connection)


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (wait_for_request, "no response in time"),
        (greet_as_http, "it is not an SMTP server"),
        (greet_as_ssh, "it is not an SMTP server"),
        (send_garbage, "it is not an SMTP server"),
        (hang_up, "the server closed the connection"),
    ],
)
def test_server_that_does_not_speak_smtp_is_explained(talk: Callable[[socket.socket], object], reason: str) -> None:
    with other_server(talk) as port:
        line = run_mail_test(f"smtp://127.0.0.1:{port}?tls=none")

    assert line.startswith(f"The connection to 127.0.0.1:{port} {UNREACHABLE.format(reason)}")


@pytest.mark.parametrize("talk", [wait_for_request, greet_as_http, send_garbage])
def test_server_without_tls_on_a_tls_port_is_explained(talk: Callable[[socket.socket], object]) -> None:
    with other_server(talk) as port:
        line = run_mail_test(f"smtps://127.0.0.1:{port}")

    assert line.startswith(f"TLS with 127.0.0.1:{port} failed (it does not use TLS at this point). Use the host name")


@pytest.mark.parametrize("reply", ["454 4.7.0 Not now", "502 5.5.1 Not implemented", CLOSE])
def test_failed_starttls_is_explained(reply: str) -> None:
    with ScriptedMailServer({"STARTTLS": reply}) as server:
        line = run_mail_test(f"smtp://127.0.0.1:{server.port}")

    assert line.startswith(f"TLS with 127.0.0.1:{server.port} failed (")
    assert "). Use the host name of the certificate" in line


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("host", "begins_in_days", "ends_in_days", "reason"),
    [
        ("127.0.0.1", -2, -1, "its certificate has expired"),
        ("127.0.0.1", 1, 2, "its certificate is not yet valid"),
        ("localhost", -1, 1, "its certificate is for another host"),
    ],
)
def test_certificate_of_a_known_authority_is_checked(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tls: str,
    host: str,
    begins_in_days: int,
    ends_in_days: int,
    reason: str,
) -> None:
    certificate = make_certificate(tmp_path, begins_in_days=begins_in_days, ends_in_days=ends_in_days)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MailServer(tls=tls, certificate=certificate) as server:
        line = run_mail_test(server.url().replace("127.0.0.1", host))

    assert line.startswith(f"TLS with {host}:{server.port} failed ({reason}). Use the host name of the certificate")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("mail.invalid", "the host name cannot be resolved"),
        ("a..b", "the host name is not valid"),
        (f"{'a' * 64}.example.com", "the host name is not valid"),
    ],
)
def test_unknown_host_is_explained(host: str, reason: str) -> None:
    line = run_mail_test(f"smtp://{host}:587")

    assert line.startswith(f"The connection to {host}:587 {UNREACHABLE.format(reason)}")
