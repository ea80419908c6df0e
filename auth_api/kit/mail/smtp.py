"""Hands mail to a mail server (RFC 5321, RFC 6409)."""

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

TIMEOUT: Final = 10.0
"""Seconds for each step of the conversation."""

_NO_SUCH_RECIPIENT: Final = frozenset({550, 551, 553, 556})
"""RFC 5321 §4.2.2 and RFC 7504: the address is what is wrong, now and later."""

_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class SmtpMailer:
    """Opens a connection for each mail: the outbox sends few at once, and an idle one may be dead without a sign.

    Args:
        server: where to, and how.
        sender: stands in `From` and in the envelope.
        context: what certificates are checked with; the system's authorities by default.
    """

    def __init__(self, server: SmtpServer, sender: Address, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._context = context

    def _tls_context(self) -> ssl.SSLContext | None:
        """Return what certificates are checked with, made once: reading all authorities takes a tenth of a second."""
        if self._context is None and self._server.tls != "none":
            self._context = ssl.create_default_context()
        return self._context

    async def send(self, message: Message) -> None:
        """Hand one mail over.

        Raises:
            TransientMailError: the server is not there, not to be trusted, or does not want it now.
            PermanentMailError: it knows that there is no such recipient.
        """
        async with self._conversation() as client:
            await client.send_message(
                to_mime(message, self._sender), sender=self._sender.addr_spec, recipients=[message.recipient]
            )

    async def check_connection(self) -> None:
        """Go as far as a mail does before it is named, and hang up.

        Raises:
            TransientMailError: the server is not there, not to be trusted, or does not take the login.
        """
        async with self._conversation():
            pass

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect, with TLS and login as the server is configured."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=TIMEOUT,
            use_tls=server.tls == "implicit",
            start_tls=False,  # below, as a step of its own
            tls_context=self._tls_context(),
        )
        progress = _Progress()
        with _translated(progress):
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
def _translated(progress: _Progress) -> Iterator[None]:
    """Leave the server's words behind: they quote addresses and sometimes the mail."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        (refused,) = error.recipients  # every mail has one
        kind = PermanentMailError if refused.code in _NO_SUCH_RECIPIENT else TransientMailError
        raise kind(step=SendStep.RECIPIENT, code=_numbers(refused)) from None
    except SMTPSenderRefused as error:
        raise TransientMailError(step=SendStep.SENDER, code=_numbers(error)) from None
    except SMTPResponseException as error:
        raise TransientMailError(type(error).__name__, step=progress.step, code=_numbers(error)) from None
    except (SMTPException, OSError, ValueError) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        at = SendStep.TLS if isinstance(cause, ssl.SSLError) else progress.step
        raise TransientMailError(type(cause).__name__, step=at) from None


def _numbers(error: SMTPResponseException) -> str:
    enhanced = _ENHANCED_CODE.match(error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)
