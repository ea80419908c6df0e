"""Sends what waits in the outbox."""

import asyncio
from dataclasses import dataclass
from typing import Final

import jinja2
from loguru import logger

from auth_api.events.outbox import repository
from auth_api.events.outbox.drafts import Drafts
from auth_api.events.outbox.letters import Draft, OutboxItem
from auth_api.events.outbox.metrics import MAILS, WAITING
from auth_api.events.outbox.rendering import Renderer
from auth_api.kit.breaker.breaker import breakers, circuit_breaker
from auth_api.kit.db.database import Database
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.kit.mail.message import Mailer, MailError, MailFailedError, MailRefusedError, Message

SERVICE: Final = "mail"
"""The name under which the breaker guards the mail server."""

AT_ONCE: Final = 4
"""Mails that one process sends at the same time: a backlog must not keep logins from the database."""

SEND_TIMEOUT: Final = 60.0
"""Seconds for one mail, the whole conversation with the mail server."""

LEASE: Final = 2 * SEND_TIMEOUT
"""Seconds after which another process may take over what this one has claimed."""

POLL: Final = 5.0
"""Seconds between two looks for mail that other processes took in, or whose time has come."""

FIRST_DELAY: Final = 5.0
LONGEST_DELAY: Final = 3600.0
GIVE_UP_AFTER: Final = 24 * 3600.0
"""Seconds: who asked for a mail a day ago has asked again, or does not wait for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Claims, writes and sends.

    Every mail leaves at least once; twice only where the process dies between sending and noting it.
    """

    database: Database
    drafts: Drafts
    renderer: Renderer
    mailer: Mailer

    async def step(self) -> float:
        """Send some of what is due, and return in how many seconds to look again."""
        breaker = breakers.get(SERVICE)
        if (pause := breaker.retry_after) > 0:
            return pause
        is_trusted = breaker.snapshot().state == "closed"
        items = await repository.claim(AT_ONCE if is_trusted else 1, lease=LEASE)
        outcomes = await asyncio.gather(*(self._deliver(item) for item in items), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # the database went away; leases bring the mails back
        if items:
            return 0.0
        WAITING.set(await repository.count_waiting())
        return POLL

    async def deliver_all(self) -> None:
        """Send all that is due now."""
        while not await self.step():
            pass

    async def _deliver(self, item: OutboxItem) -> None:
        try:
            message = await self._write(item)
            if message is None:
                await repository.delete(item.id)
                MAILS["dropped"].inc()
                return
            await send(self.mailer, message)
        except CircuitBreakerOpenException as error:
            await repository.reschedule(item.id, delay=error.retry_after, counts=False)
        except MailRefusedError as error:
            await self._give_up(item, error)
        except (MailFailedError, jinja2.TemplateError) as error:
            await self._put_off(item, error)
        else:
            await repository.mark_sent(item.id)
            MAILS["sent"].inc()
            self._log("mail:sent", item)

    async def _write(self, item: OutboxItem) -> Message | None:
        async def work() -> Draft | None:
            return await self.drafts.draft(item) if await repository.hold(item.id) else None

        draft = await self.database.transaction(work)
        return self.renderer.render(item, draft) if draft is not None else None

    async def _put_off(self, item: OutboxItem, reason: Exception) -> None:
        if item.age > GIVE_UP_AFTER:
            await self._give_up(item, reason)
            return
        delay = min(FIRST_DELAY * 2 ** min(item.attempts - 1, 10), LONGEST_DELAY)
        await repository.reschedule(item.id, delay=delay, counts=True)
        MAILS["put_off"].inc()
        self._log("mail:put_off", item, level="WARNING", delay=delay, **_cause(reason))

    async def _give_up(self, item: OutboxItem, reason: Exception) -> None:
        await repository.mark_failed(item.id)
        MAILS["given_up"].inc()
        self._log("mail:given_up", item, level="ERROR", **_cause(reason))

    @staticmethod
    def _log(event: str, item: OutboxItem, *, level: str = "INFO", **details: object) -> None:
        bound = logger.bind(
            event=event,
            mail=item.id,
            mail_kind=item.mail_kind.value,
            user_id=item.user_id,
            attempts=item.attempts,
            wanted_by=item.request_context.request_id,
            **details,
        )
        bound.log(level, "mail")


@circuit_breaker(service=SERVICE)
async def send(mailer: Mailer, message: Message) -> None:
    """Hand a mail over, within the time limit.

    Raises:
        MailFailedError: not now.
        MailRefusedError: never.
        CircuitBreakerOpenException: the mail server is not asked at present.
    """
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await mailer.send(message)
    except TimeoutError:
        raise MailFailedError("TimeoutError") from None  # noqa: EM101 - a reason for the log


def is_outage(error: Exception) -> bool:
    """Tell whether the breaker counts the error: that a recipient is unknown is an answer."""
    return isinstance(error, MailFailedError)


def _cause(error: Exception) -> dict[str, str | None]:
    """Return what the log may know of a failure: never the server's words, which may quote the mail."""
    if isinstance(error, MailError):
        return {"reason": error.reason or type(error).__name__, "step": error.step, "code": error.code}
    return {"reason": type(error).__name__}
