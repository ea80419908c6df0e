"""What tests with generated cases share: how many, and that they are the same every time."""

from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

BODIES = 100
"""Cases per property that asks the whole application."""

VALUES = 200
"""Cases per property of a function."""


def cases(number: int) -> settings:
    """Return the settings for so many cases; the clock decides nothing, and nothing is kept on disk."""
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def unwatched(client: httpx.AsyncClient) -> None:
    """Remember no further secrets of this client: generated texts are words of the product's source at times.

    The name of an event, sent as a password, would be looked for in the log and found.
    """
    client.event_hooks = {}


def json_values(leaves: int = 12) -> st.SearchStrategy[Any]:
    """Return all that a JSON text can say, with texts of any character."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=leaves)
