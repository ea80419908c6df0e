"""Outages of the database that begin at a chosen statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE


@dataclass
class Outage:
    """An outage.

    Attributes:
        number: of the first statement that fails, from 1.
        text: what the first statement that fails contains.
        has_begun: whether it was reached.
    """

    number: int
    text: str
    has_begun: bool = False

    def meets(self, statement: str) -> bool:
        """Return whether a statement fails; so do all that follow."""
        if self.text in statement:
            self.number -= 1
        self.has_begun = self.has_begun or self.number == 0
        return self.has_begun


@contextmanager
def outage(engine: Any, *, number: int = 1, text: str = "") -> Iterator[Outage]:
    """Let an outage begin at one of the statements that contain a text. Afterwards, the circuit breaker is closed."""
    begun = Outage(number, text)
    run = engine.run_querystring

    async def run_or_fail(querystring: Any, **arguments: Any) -> Any:
        if begun.meets(querystring.compile_string()[0]):
            raise ConnectionRefusedError
        return await run(querystring, **arguments)

    engine.run_querystring = run_or_fail
    try:
        yield begun
    finally:
        del engine.run_querystring
        breakers.get(SERVICE).close()
