"""Takes mail in."""

from collections.abc import Callable
from dataclasses import dataclass, field

from auth_api.events.outbox import repository
from auth_api.events.outbox.letters import Letter
from auth_api.kit.db.database import after_commit
from auth_api.kit.request_context import Origin


@dataclass(slots=True)
class Outbox:
    """Called inside the transaction that wants the mail: without its commit there is none.

    `on_arrival` hears of it after the commit; without mail (`is_on` false) nothing is written.
    """

    is_on: bool
    on_arrival: Callable[[], None] = field(default=lambda: None)

    async def to_account(self, letter: Letter, user_id: int, origin: Origin, **parameters: object) -> None:
        """Write to the owner of an account, at the address that it has when the mail is sent."""
        await self._add(letter, origin, user_id=user_id, address=None, parameters=parameters)

    async def to_address(
        self, letter: Letter, address: str, origin: Origin, *, user_id: int | None = None, **parameters: object
    ) -> None:
        """Write to an address, or to whoever turns out to have it: the work is the same if nobody does."""
        await self._add(letter, origin, user_id=user_id, address=address, parameters=parameters)

    async def withdraw(self, user_id: int, letter: Letter) -> None:
        """Take back what was written about an account and not sent yet: its token would be made at the last moment.

        Waits for a mail that is just being written, so that what is spent after this includes its token.
        """
        await repository.withdraw(user_id, letter)

    async def _add(
        self,
        letter: Letter,
        origin: Origin,
        *,
        user_id: int | None,
        address: str | None,
        parameters: dict[str, object],
    ) -> None:
        if self.is_on:
            await repository.insert(letter, user_id=user_id, address=address, parameters=parameters, origin=origin)
            after_commit(self.on_arrival)
