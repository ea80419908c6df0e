"""Counts what a request asks the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def recorded(engine: Any) -> Iterator[list[str]]:
    """Yield a list that every statement of the engine is added to, but for BEGIN and COMMIT, without its values."""
    statements: list[str] = []
    run = engine.run_querystring

    async def run_recorded(querystring: Any, **arguments: Any) -> Any:
        statements.append(querystring.template)
        return await run(querystring, **arguments)

    engine.run_querystring = run_recorded
    try:
        yield statements
    finally:
        del engine.run_querystring
