"""Stores mails to be sent after the commit."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from auth_api.events.outbox import repository
from auth_api.events.outbox.kinds import MailKind, MailRecord
from auth_api.kit.db.database import after_commit
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose


@dataclass(slots=True)
class Outbox:
    """Call it in the transaction that causes the mail: a rollback also removes the mail.

    Args:
        kinds: the kinds of mail that can be stored.
        is_on: whether mails can be sent; if not, none is stored.
        on_arrival: called after each commit that stored a mail.
    """

    kinds: tuple[MailKind, ...]
    is_on: bool
    on_arrival: Callable[[], None] = field(default=lambda: None)

    @property
    def link_paths(self) -> frozenset[str]:
        """The pages that links in mails open."""
        return frozenset(kind.path for kind in self.kinds if kind.path is not None)

    async def to_user(
        self, kind: MailKind, user_id: int, request_context: RequestContext, **parameters: object
    ) -> None:
        """Store a mail to a user, for the e-mail address that they have when it is sent."""
        await self._store(kind, request_context, user_id=user_id, email=None, parameters=parameters)

    async def to_email(
        self,
        kind: MailKind,
        email: str,
        request_context: RequestContext,
        *,
        user_id: int | None = None,
        **parameters: object,
    ) -> None:
        """Store a mail to an e-mail address, whether or not a user has it: the work is the same."""
        await self._store(kind, request_context, user_id=user_id, email=email, parameters=parameters)

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
            await repository.insert(
                kind.name, user_id=user_id, email=email, parameters=parameters, request_context=request_context
            )
            after_commit(self.on_arrival)
