"""Messages, and the interface of the mailers that send them."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol

import msgspec

from auth_api.kit.clock import utc_now
from auth_api.kit.mail.failures import FailureMeaning, TransientMailError


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to one recipient.

    Attributes:
        message_id: without angle brackets; the same for every attempt, so that a mailbox can drop a second copy.
        recipient: e-mail address in its canonical form.
        subject: one line.
        text: for mail programs that show plain text.
        html: for all others.
    """

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        """Leave the texts out: they contain tokens."""
        return f"Message({self.message_id})"


class Mailer(Protocol):
    """Sends mails."""

    async def send(self, message: Message) -> None:
        """Send a mail. Once this returns, the receiving system is responsible for it (RFC 5321 §4.2.5).

        Raises:
            TransientMailError: it was not accepted, but may be later.
            PermanentMailError: it will never be accepted.
        """


def to_mime(message: Message, sender: Address) -> EmailMessage:
    """Return the mail in Internet Message Format (RFC 5322).

    The library rejects line breaks in header values, so that a client's input cannot add a header.

    Raises:
        TransientMailError: a value cannot be part of a mail.
    """
    try:
        return _build(message, sender)
    except (ValueError, IndexError, MessageError) as error:
        raise TransientMailError(type(error).__name__, meaning=FailureMeaning.CONTENT) from None


def _build(message: Message, sender: Address) -> EmailMessage:
    document = EmailMessage()
    document["Message-ID"] = f"<{message.message_id}>"
    document["Date"] = format_datetime(utc_now())
    document["From"] = sender
    document["To"] = Address(addr_spec=message.recipient)
    document["Subject"] = message.subject
    document["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: requests that no program replies
    document.set_content(message.text)
    document.add_alternative(message.html, subtype="html")
    return document
