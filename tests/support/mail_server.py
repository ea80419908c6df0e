"""An SMTP server on loopback that stores the mails and can reject recipients or stop."""

import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.support.processes import free_port
from tests.support.waiting import TIMEOUT_SECONDS

LOGIN = ("auth-api", "p@ss/word")


@dataclass
class MailServer:
    """Listens during its `with` block; `stop` and `start` interrupt it, on the same port.

    Args:
        tls: `none`, `starttls` (offered and required) or `implicit`.
        certificate: file with key and certificate; None without TLS.
        needs_login: reject clients that have not logged in with LOGIN.
        responses: reply to RCPT by recipient, instead of accepting it.
        loses_reply: store the mail, but close the connection instead of replying to it.
    """

    tls: str = "none"
    certificate: Path | None = None
    needs_login: bool = False
    responses: dict[str, str] = field(default_factory=dict)
    loses_reply: bool = False
    received: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _controller: Controller | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def messages(self) -> list[EmailMessage]:
        """All mails so far, in the order of arrival."""
        with self._lock:
            return [message for _, message in self.received]

    def url(self, login: str = "") -> str:
        """Return the value of SMTP_URL."""
        scheme, options = ("smtps", "") if self.tls == "implicit" else ("smtp", "?tls=none" * (self.tls == "none"))
        return f"{scheme}://{login}127.0.0.1:{self.port}{options}"

    def start(self) -> None:
        """Listen."""
        context = None
        if self.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
        extra: dict[str, Any] = {"tls_context": context, "require_starttls": True} if self.tls == "starttls" else {}
        if self.needs_login:
            extra |= {"auth_required": True, "auth_require_tls": self.tls == "starttls", "authenticator": _check}
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context if self.tls == "implicit" else None,
            ready_timeout=TIMEOUT_SECONDS,
            **extra,
        )
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; `start` uses the same port again."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's signature
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (response := self.responses.get(address)) is not None:
            return response
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        message = message_from_bytes(_content(envelope), policy=default)
        assert isinstance(message, EmailMessage)
        with self._lock:
            self.received.append((envelope, message))
        if self.loses_reply:
            server.transport.abort()
        return "250 OK"


def _content(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)  # because `decode_data` is off
    return envelope.content


def _check(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == LOGIN
    return AuthResult(success=is_right, handled=False)
