"""Settings and strategies of tests with generated input (hypothesis)."""

from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

REQUEST_EXAMPLES = 100
"""Examples per property that sends requests."""

FUNCTION_EXAMPLES = 200
"""Examples per property of a function."""


def cases(number: int) -> settings:
    """Return settings for this number of examples, the same in every run, without deadlines and files."""
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def stop_recording_secrets(client: httpx.AsyncClient) -> None:
    """Stop recording the secrets that this client sends.

    A generated password may be a word that the log contains, such as the name of an event.
    """
    client.event_hooks = {}


def json_values(leaves: int = 12) -> st.SearchStrategy[Any]:
    """Return a strategy for any JSON value, with strings of any characters."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=leaves)
