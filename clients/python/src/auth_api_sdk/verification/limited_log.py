"""Warnings that requests cause, at most one of a kind per minute."""

import logging
from collections.abc import Callable
from typing import Final

INTERVAL_SECONDS: Final = 60.0

_logger = logging.getLogger("auth_api_sdk")


class LimitedLog:
    """Writes warnings.

    Args:
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._written_at: dict[str, float] = {}

    def warn(self, kind: str, message: str) -> None:
        """Write `{kind}: {message}`, unless a warning of this kind was written within a minute."""
        now = self._monotonic()
        if now >= self._written_at.get(kind, -INTERVAL_SECONDS) + INTERVAL_SECONDS:
            self._written_at[kind] = now
            _logger.warning("%s: %s", kind, message)
