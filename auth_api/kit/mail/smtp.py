"""Sends mails by SMTP (RFC 5321, RFC 6409)."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.headerregistry import Address
from typing import Any, Final

import aiosmtplib
from aiosmtplib import SMTPResponse, SMTPStatus
from aiosmtplib.errors import (
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from auth_api.kit.mail.failures import FailureMeaning, MailError, PermanentMailError, SendPhase, TransientMailError
from auth_api.kit.mail.message import Message, to_mime
from auth_api.kit.mail.policy import SmtpServer
from auth_api.kit.mail.replies import meaning_of, read_codes

STEP_TIMEOUT_SECONDS: Final = 10.0
"""For each step of an SMTP session."""

DATA_TIMEOUT_SECONDS: Final = 40.0
"""For the reply to the mail, which a server may search for spam first (RFC 5321 §4.5.3.2.6). A mail whose reply comes
later is sent again, though the server may have accepted it."""

QUIT_TIMEOUT_SECONDS: Final = 1.0
"""For the reply to QUIT, which changes nothing."""

NOT_SMTP: Final = "NotSmtp"
"""`MailError.error_type` for data that is not an SMTP reply."""

_CERTIFICATE_PROBLEMS: Final = {
    9: "CertificateNotYetValid",
    10: "CertificateExpired",
    62: "CertificateOfAnotherHost",
    64: "CertificateOfAnotherHost",
}
"""`MailError.error_type` by OpenSSL's result of the verification (X509_V_ERR_…, x509_vfy.h)."""


class SmtpMailer:
    """Opens a connection for each mail: the outbox sends few at a time, and an idle one may have failed silently.

    Args:
        server: the mail server.
        sender: the `From` header and the sender of the envelope.
        context: TLS context; None for one with the system's certificate authorities.
    """

    def __init__(self, server: SmtpServer, sender: Address, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._context = context

    def _tls_context(self) -> ssl.SSLContext | None:
        """Return the TLS context, created once: reading the certificate authorities takes 0.1 s."""
        if self._context is None and self._server.tls != "none":
            self._context = ssl.create_default_context()
        return self._context

    async def send(self, message: Message) -> None:
        """Send a mail.

        Raises:
            TransientMailError: the server is unreachable, failed the certificate check, or does not accept it now.
            PermanentMailError: the recipient does not exist.
        """
        mime = to_mime(message, self._sender)
        async with self._session() as client:
            await client.send_message(mime, sender=self._sender.addr_spec, recipients=[message.recipient])

    async def check_connection(self) -> None:
        """Connect, start TLS, log in and name the sender as for a mail, then disconnect.

        Raises:
            TransientMailError: the server is unreachable, failed the certificate check, or does not accept the login
                or the sender.
        """
        async with self._session() as client:
            await client.mail(self._sender.addr_spec)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator["_Client"]:
        """Connect, with TLS and login as configured."""
        server = self._server
        client = _Client(
            hostname=server.host,
            port=server.port,
            timeout=STEP_TIMEOUT_SECONDS,
            use_tls=server.tls == "implicit",
            start_tls=False,  # done below, as a separate step
            tls_context=self._tls_context(),
        )
        with _errors_translated(client):
            async with client:
                await client.ehlo()
                if server.tls == "starttls":
                    client.phase = SendPhase.TLS
                    await client.starttls()
                    await client.ehlo()
                if server.username is not None:
                    client.phase = SendPhase.AUTH
                    await client.login(server.username, server.password or "")
                client.phase = SendPhase.MAIL
                yield client


class _Client(aiosmtplib.SMTP):
    """Records the phase of the conversation."""

    phase: SendPhase = SendPhase.CONNECT

    async def ehlo(self, **options: Any) -> SMTPResponse:
        self.phase = SendPhase.EHLO
        return await super().ehlo(**options)

    async def mail(self, *arguments: Any, **options: Any) -> SMTPResponse:
        self.phase = SendPhase.MAIL
        return await super().mail(*arguments, **options)

    async def rcpt(self, *arguments: Any, **options: Any) -> SMTPResponse:
        """Accept each 2yz reply (RFC 5321 §4.2.1): the library knows only 250 and 251."""
        self.phase = SendPhase.RCPT
        try:
            return await super().rcpt(*arguments, **options)
        except SMTPRecipientRefused as error:
            if not 200 <= error.code <= 299:  # noqa: PLR2004 - 2yz
                raise
            return SMTPResponse(error.code, error.message)

    async def data(self, *arguments: Any, **options: Any) -> SMTPResponse:
        self.phase = SendPhase.DATA
        return await super().data(*arguments, **{**options, "timeout": DATA_TIMEOUT_SECONDS})

    async def quit(self, **options: Any) -> SMTPResponse:
        return await super().quit(**{**options, "timeout": QUIT_TIMEOUT_SECONDS})

    async def rset(self, **_options: Any) -> SMTPResponse:
        """Skip RSET after a rejection: the connection is closed, and a failed RSET would hide the rejection."""
        return SMTPResponse(SMTPStatus.completed, "")


@contextmanager
def _errors_translated(client: _Client) -> Iterator[None]:
    """Raise mail errors without the text of the server's reply, which quotes addresses and sometimes the mail."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        (refused,) = error.recipients  # each mail has one recipient
        raise _rejection(refused, client.phase) from None
    except SMTPResponseException as error:
        raise _rejection(error, client.phase) from None
    except (SMTPException, OSError, ValueError) as error:
        raise _breakdown(error, client.phase) from None


def _rejection(error: SMTPResponseException, phase: SendPhase) -> MailError:
    """Return the error for a reply."""
    phase = SendPhase.GREETING if phase is SendPhase.CONNECT else phase
    if error.code == SMTPStatus.invalid_response:
        meaning = FailureMeaning.UNREACHABLE if phase is SendPhase.GREETING else FailureMeaning.UNAVAILABLE
        return TransientMailError(NOT_SMTP, meaning=meaning, phase=phase)
    codes = read_codes(error.code, error.message)
    meaning = meaning_of(codes, error.message, phase)
    if meaning is FailureMeaning.UNKNOWN_RECIPIENT:
        return PermanentMailError(phase=phase, reply=codes)
    return TransientMailError(meaning=meaning, phase=phase, reply=codes)


def _breakdown(error: Exception, phase: SendPhase) -> MailError:
    """Return the error for anything else than a reply."""
    if phase is SendPhase.CONNECT and isinstance(error.__cause__, SMTPException):
        phase = SendPhase.GREETING
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if phase is SendPhase.TLS or isinstance(cause, ssl.SSLError):
        phase, meaning = SendPhase.TLS, FailureMeaning.TLS
    elif phase in {SendPhase.CONNECT, SendPhase.GREETING}:
        meaning = FailureMeaning.UNREACHABLE
    elif isinstance(cause, OSError):
        meaning = FailureMeaning.UNAVAILABLE
    elif phase is SendPhase.AUTH:
        meaning = FailureMeaning.LOGIN
    else:
        meaning = FailureMeaning.CONTENT
    name = type(cause).__name__
    if isinstance(cause, ssl.SSLCertVerificationError):
        name = _CERTIFICATE_PROBLEMS.get(cause.verify_code, name)
    return TransientMailError(name, meaning=meaning, phase=phase)
