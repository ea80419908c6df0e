"""The meaning of replies that real mail servers send, in a real conversation."""

from email.headerregistry import Address
from types import SimpleNamespace
from typing import Final

import aiosmtplib
import pytest

from auth_api.kit.mail import smtp
from auth_api.kit.mail.failures import EXPLANATIONS, FailureMeaning, MailError, PermanentMailError, SendPhase
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer
from tests.support.clock import StoppedLoopTime
from tests.support.scripted_mail_server import CLOSE, SILENCE, ScriptedMailServer
from tests.support.smtp_replies import LOGIN_REPLIES, REPLIES
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.engine_independent

MESSAGE: Final = Message(
    message_id="7@example.com", recipient="ada@example.org", subject="Hello", text="Hello", html="<p>Hello</p>"
)
LOGIN: Final = "user:p%40ss@"

STEP_TIMEOUT_SECONDS: Final = smtp.STEP_TIMEOUT_SECONDS
"""The product's limit, which a fixture of all tests changes."""

OUTAGES: Final = {"unavailable", "unreachable", "tls", "tls_required", "login", "folder"}


@pytest.fixture(autouse=True)
def short_timeout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply that does not come is missed soon, but no other one, however busy the machine is."""
    if SILENCE in getattr(request.node, "callspec", SimpleNamespace(params={})).params.values():
        monkeypatch.setattr(smtp, "STEP_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(smtp, "QUIT_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(ScriptedMailServer, "on_silence", StoppedLoopTime(monkeypatch).go_on)


async def send(server: ScriptedMailServer, login: str = "", tls: str = "?tls=none") -> None:
    url = f"smtp://{login}127.0.0.1:{server.port}{tls}"
    await SmtpMailer(SmtpServer.from_url(url), Address("", "no-reply", "example.com")).send(MESSAGE)


async def failure_of(server: ScriptedMailServer, login: str = "", tls: str = "?tls=none") -> MailError:
    with pytest.raises(MailError) as failed:
        await send(server, login, tls)
    assert "example.org" not in repr(failed.value)
    return failed.value


@pytest.mark.parametrize(
    ("command", "reply", "meaning"), [(*case, meaning) for meaning, cases in REPLIES.items() for case in cases]
)
async def test_reply_has_its_meaning(command: str, reply: str, meaning: str) -> None:
    with ScriptedMailServer({command: reply}) as server:
        failure = await failure_of(server)

    phases = {".": "data"}
    assert (failure.meaning, failure.phase) == (meaning, phases.get(command, command.lower()))
    assert isinstance(failure, PermanentMailError) is (meaning == "unknown_recipient")
    assert failure.meaning.is_outage is (meaning in OUTAGES)


@pytest.mark.parametrize(("reply", "meaning"), LOGIN_REPLIES)
async def test_reply_to_a_login_has_its_meaning(reply: str, meaning: str) -> None:
    with ScriptedMailServer({"AUTH": reply}) as server:
        failure = await failure_of(server, LOGIN)

    assert (failure.meaning, failure.phase) == (meaning, "auth")
    assert failure.meaning.is_outage
    assert not isinstance(failure, PermanentMailError)


@pytest.mark.parametrize("reply", ["454 4.7.0 TLS not available due to local problem", "502 Not implemented", CLOSE])
async def test_rejected_starttls_is_an_outage(reply: str) -> None:
    with ScriptedMailServer({"STARTTLS": reply}) as server:
        failure = await failure_of(server, tls="")

    assert (failure.meaning, failure.phase) == ("tls", "tls")
    assert failure.meaning.is_outage


@pytest.mark.parametrize("reply", ["250 Ok", "251 User not local", "252 Cannot VRFY", "250-2.1.5 a\n250 b"])
async def test_positive_reply_to_rcpt_accepts_the_recipient(reply: str) -> None:
    with ScriptedMailServer({"RCPT": reply}) as server:
        mailer = SmtpMailer(
            SmtpServer.from_url(f"smtp://127.0.0.1:{server.port}?tls=none"), Address("", "a", "b.example")
        )
        await mailer.send(MESSAGE)

    assert server.accepted == ["ada@example.org"]


@pytest.mark.parametrize("reply", [CLOSE, SILENCE, "421 4.7.0 Bye", "500 What?"])
async def test_accepted_mail_stays_accepted_whatever_follows(reply: str) -> None:
    with ScriptedMailServer({"QUIT": reply}) as server:
        mailer = SmtpMailer(
            SmtpServer.from_url(f"smtp://127.0.0.1:{server.port}?tls=none"), Address("", "a", "b.example")
        )
        await mailer.send(MESSAGE)

    assert server.accepted == ["ada@example.org"]


@pytest.mark.parametrize("reply", [CLOSE, SILENCE, "421 4.7.0 Bye", "500 What?"])
async def test_rejected_recipient_stays_rejected_whatever_follows(reply: str) -> None:
    with ScriptedMailServer({"RCPT": "550 5.1.1 User unknown", "RSET": reply, "QUIT": reply}) as server:
        failure = await failure_of(server)

    assert failure.meaning == "unknown_recipient"


async def test_reply_to_the_mail_may_take_longer_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that searches mails for spam would get each mail several times."""
    timeouts: list[float] = []

    async def data(self: aiosmtplib.SMTP, message: bytes, *, timeout: float) -> aiosmtplib.SMTPResponse:  # noqa: ASYNC109
        timeouts.append(timeout)
        return aiosmtplib.SMTPResponse(250, "2.0.0 Ok")

    monkeypatch.setattr(aiosmtplib.SMTP, "data", data)
    with ScriptedMailServer() as server:
        await send(server)

    assert timeouts == [smtp.DATA_TIMEOUT_SECONDS]
    assert smtp.DATA_TIMEOUT_SECONDS > STEP_TIMEOUT_SECONDS


async def test_codes_of_a_reply_are_kept_without_its_text() -> None:
    with ScriptedMailServer({"RCPT": "550-5.7.1 ada@example.org\n550 5.7.1 secret"}) as server:
        failure = await failure_of(server)

    assert failure.reply is not None
    assert (failure.reply.basic, failure.reply.enhanced, str(failure.reply)) == (550, "5.7.1", "550 5.7.1")
    assert "secret" not in repr(failure.__dict__)
    assert (failure.__cause__, failure.__suppress_context__) == (None, True)


def test_each_meaning_is_explained_to_operators() -> None:
    page = (ROOT.parent / "docs" / "mail.md").read_text()

    assert set(EXPLANATIONS) == set(FailureMeaning)
    assert [meaning for meaning in FailureMeaning if f"| `{meaning}` |" not in page] == []
    assert [phase for phase in SendPhase if f"`{phase}`" not in page] == []
