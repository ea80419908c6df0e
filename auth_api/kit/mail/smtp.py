"""Hands mail to a mail server (RFC 5321, RFC 6409)."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from typing import Final

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPRecipientRefused, SMTPRecipientsRefused

from auth_api.kit.mail.message import MailFailedError, MailRefusedError, Message, mime
from auth_api.kit.mail.policy import SmtpServer

TIMEOUT: Final = 10.0
"""Seconds for each step of the conversation."""

_NO_SUCH_RECIPIENT: Final = frozenset({550, 551, 553, 556})
"""RFC 5321 §4.2.2 and RFC 7504: the address is what is wrong, now and later."""


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

    async def send(self, message: Message) -> None:
        """Hand one mail over.

        Raises:
            MailFailedError: the server is not there, not to be trusted, or does not want it now.
            MailRefusedError: it knows that there is no such recipient.
        """
        server = self._server
        with _translated():
            client = aiosmtplib.SMTP(
                hostname=server.host,
                port=server.port,
                timeout=TIMEOUT,
                use_tls=server.tls == "implicit",
                start_tls=True if server.tls == "starttls" else False if server.tls == "none" else None,
                username=server.username,
                password=server.password,
                tls_context=self._context or ssl.create_default_context(),
            )
            async with client:
                await client.send_message(
                    mime(message, self._sender), sender=self._sender.addr_spec, recipients=[message.recipient]
                )


@contextmanager
def _translated() -> Iterator[None]:
    """Leave the server's words behind: they quote addresses and sometimes the mail."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        if all(refused.code in _NO_SUCH_RECIPIENT for refused in error.recipients):
            raise MailRefusedError from None
        raise MailFailedError from None
    except SMTPRecipientRefused as error:
        raise (MailRefusedError if error.code in _NO_SUCH_RECIPIENT else MailFailedError) from None
    except (SMTPException, OSError, ValueError) as error:
        raise MailFailedError(type(error).__name__) from None
