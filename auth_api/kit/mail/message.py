"""One mail, and what it takes to send it."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from auth_api.kit.clock import utc_now


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to one recipient.

    Attributes:
        message_id: without angle brackets; the same for every attempt at the same mail, so that a mailbox which got it
            twice can tell.
        recipient: one address in its canonical form.
        subject: one line.
        text: what plain readers see.
        html: what others see.
    """

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        """Leave the texts out: they hold tokens."""
        return f"Message({self.message_id})"


class SendStep(StrEnum):
    """How far a mail can get."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"
    FOLDER = "folder"


class MailError(Exception):
    """The mail was not taken. Never holds what the server said: that may quote the mail.

    Args:
        error_type: class name of the error that caused it.
        step: where it did.
        code: the numbers of the server's answer (RFC 5321 §4.2; RFC 3463), as `550 5.1.1`; empty where it gave none.
    """

    def __init__(self, error_type: str = "", *, step: SendStep | None = None, code: str = "") -> None:
        super().__init__(error_type)
        self.error_type = error_type
        self.step = step
        self.code = code


class TransientMailError(MailError):
    """The mail was not taken, and may be later."""


class PermanentMailError(MailError):
    """The mail server will never take this mail: there is no such recipient."""


class Mailer(Protocol):
    """Carries mail."""

    async def send(self, message: Message) -> None:
        """Hand one mail over; when this returns, somebody else answers for it.

        Raises:
            TransientMailError: not now.
            PermanentMailError: never.
        """


def to_mime(message: Message, sender: Address) -> EmailMessage:
    """Return the mail in its form for the wire (RFC 5322).

    The library refuses line breaks in every header, so nothing that somebody typed can add one.
    """
    document = EmailMessage()
    document["Message-ID"] = f"<{message.message_id}>"
    document["Date"] = format_datetime(utc_now())
    document["From"] = sender
    document["To"] = Address(addr_spec=message.recipient)
    document["Subject"] = message.subject
    document["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no answer by a machine, please
    document.set_content(message.text)
    document.add_alternative(message.html, subtype="html")
    return document
