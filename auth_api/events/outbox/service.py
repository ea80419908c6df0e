"""Stores mails to be sent after the commit."""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from loguru import logger

from auth_api.events.outbox import repository
from auth_api.events.outbox.kinds import MailKind, MailRecord
from auth_api.kit.db.database import after_commit
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership


@dataclass(slots=True, kw_only=True)
class Outbox:
    """Call it in the transaction that causes the mail: a rollback also removes the mail.

    The mails of one kind to one e-mail address are limited. Callers must not reveal whether a mail was stored.

    A mail is due after a random time: drafting and sending it takes longer if a user has the e-mail address, and right
    after the response this would delay the next responses of the process measurably.

    Args:
        kinds: the kinds of mail that can be stored.
        email_ownership: looks recipients up.
        limits: counts the mails.
        is_on: whether mails can be sent; if not, none is stored.
        delay_seconds: shortest time until a mail is due; the longest one is three times as long.
        on_arrival: called after each commit that stored a mail, with the seconds until it is due.
    """

    kinds: tuple[MailKind, ...]
    email_ownership: EmailOwnership
    limits: MailLimits
    is_on: bool
    delay_seconds: float
    on_arrival: Callable[[float], None] = field(default=lambda _delay: None)

    async def to_user(
        self,
        kind: MailKind,
        user_id: int,
        request_context: RequestContext,
        *,
        is_counted: bool = False,
        **parameters: object,
    ) -> None:
        """Store a mail to a user, for the e-mail address that they have when it is sent.

        Nothing is stored if the user has not verified the e-mail address and the kind needs that.

        Args:
            kind: the kind of mail.
            user_id: the user.
            request_context: the request that causes the mail.
            is_counted: whether the caller has applied another limit, so that those of the recipient do not apply.
            parameters: values for the templates.
        """
        user = await self.email_ownership.find(user_id) if self.is_on else None
        if user is None or (kind.needs_verified_email and user.email_verified_at is None):
            return
        if is_counted or await self._admit(kind, user.email, request_context):
            await self._store(kind, request_context, user_id=user_id, email=None, parameters=parameters)

    async def to_email(
        self,
        kind: MailKind,
        email: str,
        request_context: RequestContext,
        *,
        user_id: int | None = None,
        is_counted: bool = False,
        **parameters: object,
    ) -> bool:
        """Store a mail to an e-mail address, whether or not a user has it: the work is the same. See `to_user`.

        Returns:
            False if the limit is reached, so that no mail will be sent.
        """
        if self.is_on and not is_counted and not await self._admit(kind, email, request_context):
            return False
        await self._store(kind, request_context, user_id=user_id, email=email, parameters=parameters)
        return True

    async def withdraw(self, user_id: int, *, kept_purposes: Collection[Purpose] = ()) -> None:
        """Delete the unsent revocable mails about a user, whose tokens would be issued only when they are sent.

        Waits for mails that are being drafted, so that a later revocation of tokens includes theirs.

        Args:
            user_id: the user the mails are about.
            kept_purposes: purposes whose mails are kept.
        """
        for kind in self.kinds:
            if kind.is_revocable and kind.purpose not in kept_purposes:
                await repository.withdraw(user_id, kind.name)

    async def list_records(self, user_id: int, *, email: str, limit: int) -> Sequence[MailRecord]:
        """Return what is stored about the mails of a user, newest first; also those to `email` without a user."""
        return await repository.list_records(user_id, email=email, limit=limit)

    async def _admit(self, kind: MailKind, email: str, request_context: RequestContext) -> bool:
        """Count a mail and return whether it may be sent."""
        if not kind.is_limited or await self.limits.allow(kind.name, email, request_context.client_ip):
            return True
        bound = logger.bind(event="mail:refused", mail_kind=kind.name, origin_request_id=request_context.request_id)
        bound.info("the hourly limit of mails of this kind to this recipient is reached")
        return False

    async def _store(
        self,
        kind: MailKind,
        request_context: RequestContext,
        *,
        user_id: int | None,
        email: str | None,
        parameters: dict[str, object],
    ) -> None:
        if self.is_on:
            delay = random.uniform(self.delay_seconds, 3 * self.delay_seconds)  # noqa: S311 - hides work, no secret
            await repository.insert(
                kind.name,
                user_id=user_id,
                email=email,
                parameters=parameters,
                request_context=request_context,
                delay=delay,
            )
            after_commit(lambda: self.on_arrival(delay))
