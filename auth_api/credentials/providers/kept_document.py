"""Documents of providers that are kept for a while, and fetched once for all who need them."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.credentials.providers.upstream_calls import ProviderCalls, refusals_logged
from auth_api.kit.clock import monotonic
from auth_api.kit.outbound.client import OutboundResponse

T = TypeVar("T")

MIN_KEPT_SECONDS: Final = 300.0
MAX_KEPT_SECONDS: Final = 24 * 3600.0

PAUSE_SECONDS: Final = 1.0
"""Shortest time between two fetches that are made although the document is recent."""

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", re.IGNORECASE)
_OK: Final = 200


class KeptDocument(Generic[T]):
    """A document, which is kept for the max-age of its answer, within 5 minutes and 24 hours (RFC 9111 §5.2.2.1).

    Only a valid answer replaces it. It is fetched in a task of its own, so that a person whose time is over does not
    end the fetch for others.

    Args:
        name: of the endpoint, in metrics and in the log.
        provider_id: the provider.
        calls: the calls to the provider.
        parse: returns what is kept; raises an AnswerRefusedError if the document breaks a rule.
        usable_seconds: how long it is used if it cannot be fetched again.
    """

    def __init__(
        self,
        name: str,
        *,
        provider_id: str,
        calls: ProviderCalls,
        parse: Callable[[Any], T],
        usable_seconds: float,
    ) -> None:
        self._name = name
        self._provider_id = provider_id
        self._calls = calls
        self._parse = parse
        self._usable_seconds = usable_seconds
        self._kept: T | None = None
        self._attempted_at = -PAUSE_SECONDS
        self._fetched_at = 0.0
        self._fresh_seconds = 0.0
        self._task: asyncio.Task[T] | None = None

    async def read(self, url: str) -> T:
        """Return the document, which is fetched if none is kept or its time is over.

        Raises:
            ProviderErrorException: it breaks a rule.
            ProviderUnavailableException: it cannot be fetched.
        """
        age = monotonic() - self._fetched_at
        if self._kept is not None and age < self._fresh_seconds:
            return self._kept
        try:
            return await self._fetched(url, pause=0)
        except (ProviderErrorException, ProviderUnavailableException):
            if self._kept is None or age >= self._usable_seconds:
                raise
            return self._kept

    async def reread(self, url: str) -> T:
        """Fetch the document again, but at most once per second; the errors are those of `read`."""
        return await self._fetched(url, pause=max(0.0, self._attempted_at + PAUSE_SECONDS - monotonic()))

    async def _fetched(self, url: str, *, pause: float) -> T:
        """Return the result of the fetch under way, or of a new one."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._fetch(url, pause), name=f"fetch-{self._name}")
            self._task.add_done_callback(_retrieve)
        return await asyncio.shield(self._task)

    async def _fetch(self, url: str, pause: float) -> T:
        await asyncio.sleep(pause)
        self._attempted_at = monotonic()
        with refusals_logged(self._provider_id):
            response = await self._calls.get(self._name, url)
            if response.status != _OK:
                raise AnswerRefusedError(reason=f"{self._name}.status")
            self._kept = self._parse(response.document)
        self._fetched_at, self._fresh_seconds = monotonic(), _fresh_seconds(response)
        return self._kept


def _fresh_seconds(response: OutboundResponse) -> float:
    found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return min(max(MIN_KEPT_SECONDS, float(found[1]) if found else 0.0), MAX_KEPT_SECONDS)


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """Read the error of a fetch whose result is no longer needed; the circuit breaker has logged it."""
    if not task.cancelled():
        task.exception()
