"""Sends mails by SMTP (RFC 5321, RFC 6409)."""

import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from auth_api.kit.mail.message import Message, PermanentMailError, SendStep, TransientMailError, to_mime
from auth_api.kit.mail.policy import SmtpServer

STEP_TIMEOUT_SECONDS: Final = 10.0
"""For each step of an SMTP session."""

_UNKNOWN_RECIPIENT_CODES: Final = frozenset({550, 551, 553, 556})
"""Reply codes for an address that does not exist (RFC 5321 §4.2.2, RFC 7504)."""

_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


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
        async with self._session() as client:
            await client.send_message(
                to_mime(message, self._sender), sender=self._sender.addr_spec, recipients=[message.recipient]
            )

    async def check_connection(self) -> None:
        """Connect, start TLS and log in as for a mail, then disconnect.

        Raises:
            TransientMailError: the server is unreachable, failed the certificate check, or does not accept the login.
        """
        async with self._session():
            pass

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect, with TLS and login as configured."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=STEP_TIMEOUT_SECONDS,
            use_tls=server.tls == "implicit",
            start_tls=False,  # done below, as a separate step
            tls_context=self._tls_context(),
        )
        progress = _Progress()
        with _errors_translated(progress):
            async with client:
                if server.tls == "starttls":
                    progress.step = SendStep.TLS
                    await client.starttls()
                if server.username is not None:
                    progress.step = SendStep.LOGIN
                    await client.login(server.username, server.password or "")
                progress.step = SendStep.CONTENT
                yield client


@dataclass
class _Progress:
    step: SendStep = SendStep.CONNECT


@contextmanager
def _errors_translated(progress: _Progress) -> Iterator[None]:
    """Raise mail errors without the text of the server's reply, which quotes addresses and sometimes the mail."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        (refused,) = error.recipients  # each mail has one recipient
        kind = PermanentMailError if refused.code in _UNKNOWN_RECIPIENT_CODES else TransientMailError
        raise kind(step=SendStep.RECIPIENT, code=_reply_codes(refused)) from None
    except SMTPSenderRefused as error:
        raise TransientMailError(step=SendStep.SENDER, code=_reply_codes(error)) from None
    except SMTPResponseException as error:
        raise TransientMailError(type(error).__name__, step=progress.step, code=_reply_codes(error)) from None
    except (SMTPException, OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        step = SendStep.TLS if isinstance(cause, ssl.SSLError) else progress.step
        raise TransientMailError(type(cause).__name__, step=step) from None


def _reply_codes(error: SMTPResponseException) -> str:
    enhanced = _ENHANCED_CODE.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
