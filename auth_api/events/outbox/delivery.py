"""Sends the mails that wait in the outbox."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loguru import logger

from auth_api.events.outbox import repository
from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.events.outbox.metrics import MAILS, WAITING
from auth_api.events.outbox.rendering import Renderer, RenderingError
from auth_api.kit.breaker.breaker import breakers, circuit_breaker
from auth_api.kit.db.database import Database
from auth_api.kit.errors import CircuitBreakerOpenException, RetryLaterException
from auth_api.kit.mail.failures import EXPLANATIONS, MailError, PermanentMailError, TransientMailError
from auth_api.kit.mail.message import Mailer, Message

SERVICE: Final = "mail"
"""Name of the mail server's circuit breaker."""

MAX_BATCH: Final = 4
"""Mails that one process sends at the same time: a backlog must not keep logins from the database."""

SEND_TIMEOUT_SECONDS: Final = 60.0
"""For one mail, including the whole conversation with the mail server."""

LEASE_SECONDS: Final = 2 * SEND_TIMEOUT_SECONDS
"""After this time another process may claim a mail that this process has claimed."""

POLL_SECONDS: Final = 5.0
"""Interval of looking for mails that other processes stored or whose retry is due."""

FIRST_DELAY_SECONDS: Final = 5.0
MAX_DELAY_SECONDS: Final = 3600.0
MAX_AGE_SECONDS: Final = 24 * 3600.0
"""A mail that still fails after a day is not retried: by then its recipient has asked again or given up."""


class UnknownMailKindError(Exception):
    """The stored mail has a kind that this version does not know: a newer version may have stored it."""


class DraftingError(Exception):
    """The stored mail cannot be drafted: another version may have stored other parameters."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error_type = type(error).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Claims, drafts, renders and sends mails.

    Each mail is sent at least once, and more than once only if the process dies between sending it and marking it sent.
    """

    database: Database
    kinds: Mapping[str, MailKind]
    draft_services: DraftServices
    renderer: Renderer
    mailer: Mailer

    async def step(self) -> float:
        """Send a batch of due mails and return the seconds to wait before the next step."""
        breaker = breakers.get(SERVICE)
        if (pause := breaker.retry_after) > 0:
            return pause
        is_trusted = breaker.snapshot().state == "closed"
        items = await repository.claim(MAX_BATCH if is_trusted else 1, lease=LEASE_SECONDS)
        outcomes = await asyncio.gather(*(self._deliver(item) for item in items), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # the database failed; the mails are sent when their leases have expired
        if items:
            return 0.0
        WAITING.set(await repository.count_waiting())
        return POLL_SECONDS

    async def deliver_all(self) -> None:
        """Send all mails that are due."""
        while not await self.step():
            pass

    async def _deliver(self, item: OutboxItem) -> None:
        try:
            message = await self._compose(item)
            if message is None:
                await repository.delete(item.id)
                MAILS["dropped"].inc()
                return
            await send(self.mailer, message)
        except CircuitBreakerOpenException as error:
            await repository.reschedule(item.id, delay=error.retry_after, is_attempt=False)
        except PermanentMailError as error:
            await self._fail(item, error)
        except (TransientMailError, UnknownMailKindError, DraftingError, RenderingError) as error:
            await self._defer(item, error)
        else:
            await repository.mark_sent(item.id)
            MAILS["sent"].inc()
            self._log("mail:sent", item)

    async def _compose(self, item: OutboxItem) -> Message | None:
        kind = self.kinds.get(item.kind_name)
        if kind is None:
            raise UnknownMailKindError

        async def work() -> Draft | None:
            if item.user_id is not None:  # before the mail, which a deletion of the user locks after the user
                await self.draft_services.email_ownership.lock(item.user_id)
            return await kind.draft(item, self.draft_services) if await repository.hold(item.id) else None

        try:
            draft = await self.database.transaction(work)
        except RetryLaterException:  # the database failed, not this mail
            raise
        except Exception as error:
            raise DraftingError(error) from error
        return self.renderer.render(draft.kind or kind, item, draft) if draft is not None else None

    async def _defer(self, item: OutboxItem, error: Exception) -> None:
        if item.age_seconds > MAX_AGE_SECONDS:
            await self._fail(item, error)
            return
        delay = min(FIRST_DELAY_SECONDS * 2 ** min(item.attempts - 1, 10), MAX_DELAY_SECONDS)
        await repository.reschedule(item.id, delay=delay, is_attempt=True)
        MAILS["put_off"].inc()
        level = "ERROR" if _needs_operator(error) else "WARNING"
        self._log("mail:deferred", item, level=level, delay=delay, **_details(error))

    async def _fail(self, item: OutboxItem, error: Exception) -> None:
        await repository.mark_failed(item.id)
        MAILS["given_up"].inc()
        self._log("mail:failed", item, level="ERROR", **_details(error))

    @staticmethod
    def _log(event: str, item: OutboxItem, *, level: str = "INFO", **details: object) -> None:
        bound = logger.bind(
            event=event,
            mail=item.id,
            mail_kind=item.kind_name,
            user_id=item.user_id,
            attempts=item.attempts,
            origin_request_id=item.request_context.request_id,
            **details,
        )
        bound.log(level, "mail")


@circuit_breaker(service=SERVICE)
async def send(mailer: Mailer, message: Message) -> None:
    """Send a mail within the time limit.

    Raises:
        TransientMailError: it was not accepted, but may be later.
        PermanentMailError: it will never be accepted.
        CircuitBreakerOpenException: the circuit breaker is open; nothing was sent.
    """
    try:
        async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
            await mailer.send(message)
    except TimeoutError:
        raise TransientMailError("TimeoutError") from None  # noqa: EM101 - the name of an error class, for the log


def is_outage(error: Exception) -> bool:
    """Return whether the circuit breaker counts the error: a reply about one mail shows that the server works."""
    return isinstance(error, MailError) and error.meaning.is_outage


def _needs_operator(error: Exception) -> bool:
    """Return whether the mail will be deferred again until an operator changes something."""
    return isinstance(error, RenderingError) or (isinstance(error, MailError) and error.meaning.needs_operator)


def _details(error: Exception) -> dict[str, str | int | None]:
    """Return what may be logged of an error: never the mail server's text, which may quote the mail."""
    details: dict[str, str | int | None] = {"error_type": type(error).__name__}
    if isinstance(error, (DraftingError, RenderingError)):
        details["error_type"] = error.error_type
    if isinstance(error, RenderingError):
        details["template"] = error.template
    if isinstance(error, MailError):
        details |= {
            "error_type": error.error_type or type(error).__name__,
            "meaning": error.meaning,
            "phase": error.phase,
            "smtp_code": error.reply.basic if error.reply else None,
            "enhanced_code": error.reply.enhanced or None if error.reply else None,
            "remedy": EXPLANATIONS[error.meaning].remedy,
        }
    return details
