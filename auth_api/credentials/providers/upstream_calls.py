"""Calls to a provider: none while it is down, few at the same time, and all of one person within a few seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from typing import Final, ParamSpec

from loguru import logger

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.credentials.providers.metrics import CALL_DURATION, CALLS, ENDPOINTS, OUTCOMES
from auth_api.kit.breaker.breaker import ServiceBreaker
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.clock import monotonic
from auth_api.kit.errors import CircuitBreakerOpenException
from auth_api.kit.outbound.client import Outbound, OutboundResponse
from auth_api.kit.outbound.errors import OutboundRefusedError, OutboundUnavailableError

P = ParamSpec("P")

MAX_UNDER_WAY: Final = 20
"""Sign-ins per process that may wait for one provider. Further ones would only wait longer."""

DEADLINE_SECONDS: Final = 7.5
"""For all calls of one log-in, so that a callback responds within 8 s."""

_FIRST_ERROR: Final = 400


_OPERATOR_ERRORS: Final = frozenset({"token.invalid_client", "token.unauthorized_client"})
"""Only the operator can correct them."""


def create_breaker(provider_id: str, policy: BreakerPolicy) -> ServiceBreaker:
    """Return the circuit breaker of a provider. Only outages count, not answers that break a rule."""
    return ServiceBreaker(
        f"provider:{provider_id}", policy, is_failure=lambda error: isinstance(error, OutboundUnavailableError)
    )


@contextmanager
def refusals_logged(provider_id: str) -> Iterator[None]:
    """Log an answer that breaks a rule.

    Raises:
        ProviderErrorException: an AnswerRefusedError was raised in this context.
    """
    try:
        yield
    except AnswerRefusedError as error:
        bound = logger.bind(event="provider:answer_refused", provider=provider_id, reason=error.reason)
        bound.log("ERROR" if error.reason in _OPERATOR_ERRORS else "WARNING", "an answer was not accepted")
        raise ProviderErrorException from error


class ProviderCalls:
    """Calls to one provider.

    Args:
        provider_id: the provider.
        outbound: sends the requests.
        breaker: the circuit breaker of the provider.
    """

    def __init__(self, provider_id: str, outbound: Outbound, breaker: ServiceBreaker) -> None:
        self._provider_id = provider_id
        self._outbound = outbound
        self._breaker = breaker
        self._under_way = 0
        for endpoint, outcome in product(ENDPOINTS, OUTCOMES):
            CALLS.labels(provider_id, endpoint, outcome)

    def require_available(self) -> None:
        """Raise a ProviderUnavailableException while the circuit breaker is open."""
        if self._breaker.snapshot().state == "open":
            raise ProviderUnavailableException

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Limit how many people's calls are under way, and how long those of one person take.

        Raises:
            ProviderUnavailableException: the provider is down, too many calls are under way, or the time is over.
        """
        self.require_available()
        if self._under_way >= MAX_UNDER_WAY:
            log = logger.bind(event="provider:overloaded", provider=self._provider_id)
            log.warning("too many sign-ins wait for a provider; another one was refused")
            raise ProviderUnavailableException
        self._under_way += 1
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                yield
        except TimeoutError as error:
            await self._count_outage()
            raise ProviderUnavailableException from error
        finally:
            self._under_way -= 1

    async def get(self, endpoint: str, url: str, *, headers: Mapping[str, str] | None = None) -> OutboundResponse:
        """Read a document.

        Args:
            endpoint: its name in metrics.
            url: its URL.
            headers: further headers of the request.

        Raises:
            ProviderUnavailableException: the provider cannot be reached, has failed, or is down.
            AnswerRefusedError: the URL is not allowed.
        """
        return await self._call(endpoint, self._outbound.get, url, headers=headers)

    async def post_form(
        self, endpoint: str, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> OutboundResponse:
        """Send a form; the other arguments and the errors are those of `get`."""
        return await self._call(endpoint, self._outbound.post_form, url, fields, headers=headers)

    async def _call(
        self, endpoint: str, send: Callable[P, Awaitable[OutboundResponse]], *args: P.args, **kwargs: P.kwargs
    ) -> OutboundResponse:
        outcome, begin = "unavailable", monotonic()
        try:
            response = await self._breaker.call_async(send, *args, **kwargs)
            outcome = "answered" if response.status < _FIRST_ERROR else "refused"
        except CircuitBreakerOpenException as error:
            outcome = "not_sent"
            raise ProviderUnavailableException from error
        except OutboundUnavailableError as error:
            raise ProviderUnavailableException from error
        except OutboundRefusedError as error:
            outcome = "forbidden"
            raise AnswerRefusedError(reason=f"{endpoint}.address") from error
        else:
            return response
        finally:
            CALLS.labels(self._provider_id, endpoint, outcome).inc()
            CALL_DURATION.labels(self._provider_id, endpoint).observe(monotonic() - begin)

    async def _count_outage(self) -> None:
        """Let the circuit breaker count calls that the deadline has cut off."""

        async def exceed_deadline() -> None:
            raise OutboundUnavailableError

        try:
            await self._breaker.call_async(exceed_deadline)
        except (OutboundUnavailableError, CircuitBreakerOpenException):
            return
