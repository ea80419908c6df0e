"""A mail server's place in the tests: keeps what was sent, or fails as one is told."""

import re
from dataclasses import dataclass, field

from auth_api.events.outbox.delivery import Delivery
from auth_api.kit.mail.message import Message

TOKEN = re.compile(r"#token=(ot_[A-Za-z0-9_-]{43})\b")


@dataclass
class Mailbox:
    """All mails that the application sends, oldest first."""

    sent: list[Message] = field(default_factory=list)
    failure: Exception | None = None
    delivery: Delivery | None = None

    async def send(self, message: Message) -> None:
        """Take a mail, or raise the failure."""
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)

    async def collect(self) -> list[Message]:
        """Let the outbox send what is due, and return what came."""
        assert self.delivery is not None
        known = len(self.sent)
        await self.delivery.deliver_all()
        return self.sent[known:]

    async def one(self) -> Message:
        """Return the one mail that is due."""
        (message,) = await self.collect()
        return message

    async def token(self) -> str:
        """Return the token in the one mail that is due."""
        return token_of(await self.one())


def token_of(message: Message) -> str:
    """Return the token that stands behind the link of a mail."""
    found = TOKEN.search(message.text)
    assert found, message.subject
    return found[1]
