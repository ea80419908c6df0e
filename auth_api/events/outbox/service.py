"""Takes mail in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from auth_api.events.outbox import repository
from auth_api.events.outbox.letters import MailKind
from auth_api.kit.db.database import after_commit
from auth_api.kit.request_context import RequestContext


@dataclass(slots=True)
class Outbox:
    """Called inside the transaction that wants the mail: without its commit there is none.

    `on_arrival` hears of it after the commit; without mail (`is_on` false) nothing is written.
    """

    is_on: bool
    on_arrival: Callable[[], None] = field(default=lambda: None)

    async def to_account(
        self, mail_kind: MailKind, user_id: int, request_context: RequestContext, **parameters: object
    ) -> None:
        """Write to the owner of an account, at the address that it has when the mail is sent."""
        await self._add(mail_kind, request_context, user_id=user_id, address=None, parameters=parameters)

    async def to_address(
        self,
        mail_kind: MailKind,
        address: str,
        request_context: RequestContext,
        *,
        user_id: int | None = None,
        **parameters: object,
    ) -> None:
        """Write to an address, or to whoever turns out to have it: the work is the same if nobody does."""
        await self._add(mail_kind, request_context, user_id=user_id, address=address, parameters=parameters)

    async def withdraw(self, user_id: int, mail_kind: MailKind) -> None:
        """Take back what was written about an account and not sent yet: its token would be made at the last moment.

        Waits for a mail that is just being written, so that what is spent after this includes its token.
        """
        await repository.withdraw(user_id, mail_kind)

    async def _add(
        self,
        mail_kind: MailKind,
        request_context: RequestContext,
        *,
        user_id: int | None,
        address: str | None,
        parameters: dict[str, object],
    ) -> None:
        if self.is_on:
            await repository.insert(
                mail_kind, user_id=user_id, address=address, parameters=parameters, request_context=request_context
            )
            after_commit(self.on_arrival)
