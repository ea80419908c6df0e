"""A mailer for tests: collects the mails, or raises an error."""

import re
from dataclasses import dataclass, field

from auth_api.events.outbox.delivery import Delivery
from auth_api.kit.mail.failures import TransientMailError
from auth_api.kit.mail.message import Message

TOKEN = re.compile(r"#token=((?:ot|inv)_[A-Za-z0-9_-]{43})\b")


@dataclass
class Mailbox:
    """Collects all mails that the application sends, oldest first.

    With `loses_reply` it collects a mail and reports a failure, as when the connection breaks before the reply.
    """

    sent: list[Message] = field(default_factory=list)
    failure: Exception | None = None
    loses_reply: bool = False
    delivery: Delivery | None = None

    async def send(self, message: Message) -> None:
        """Collect a mail, or raise `failure`."""
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)
        if self.loses_reply:
            raise TransientMailError

    async def collect(self) -> list[Message]:
        """Send all mails that are due, and return them in the order in which they were stored."""
        assert self.delivery is not None
        count = len(self.sent)
        await self.delivery.deliver_all()
        self.sent[count:] = sorted(self.sent[count:], key=_row_id)
        return self.sent[count:]

    async def one(self) -> Message:
        """Send the only mail that is due, and return it."""
        (message,) = await self.collect()
        return message

    async def token(self) -> str:
        """Send the only mail that is due, and return its token."""
        return token_of(await self.one())


def _row_id(message: Message) -> int:
    return int(message.message_id.partition("@")[0].rpartition(".")[2])


def token_of(message: Message) -> str:
    """Return the token in the link of a mail."""
    found = TOKEN.search(message.text)
    assert found, message.subject
    return found[1]
