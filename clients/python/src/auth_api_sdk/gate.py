"""Lets requests in: verifies the token, then what the route requires."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from auth_api_sdk.errors import ConfigurationError, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal
from auth_api_sdk.requirements import Refusal, Requirement, bearer_token, refusal_of
from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier

ANYONE: Final = Requirement()
"""Only a valid token is required."""


class Gate:
    """Decides about requests, with either verifier.

    Args:
        verifier: verifies the tokens; a `TokenVerifier` does that in another thread.
        clock: the time in seconds since 1970.
    """

    def __init__(self, verifier: AsyncTokenVerifier | TokenVerifier, clock: Callable[[], float] = time.time) -> None:
        self._verifier = verifier
        self._clock = clock

    def check_configuration(self, required: Requirement) -> None:
        """Raise an error for a requirement that can never be checked.

        Raises:
            ConfigurationError: a permission is required without a service key to ask for it.
        """
        if required.permissions and not self._verifier.can_check_permissions:
            message = "A permission is required, so the verifier needs a service_key with the scope access:check."
            raise ConfigurationError(message)

    async def admit(self, authorization: str | None, required: Requirement = ANYONE) -> Principal:
        """Return who sends a request.

        Args:
            authorization: the header `Authorization`.
            required: what the route requires.

        Raises:
            Refusal: the response to send instead.
        """
        token = bearer_token(authorization)
        try:
            principal = await self._verify(token)
            required.check_roles(principal)
            if required.permissions and (missing := await self._missing(token, required.permissions)) is not None:
                raise Refusal(403, "PERMISSION_DENIED", required_permission=missing)
        except (TokenRejected, Unavailable) as error:
            raise refusal_of(error) from error
        required.check_scopes_and_login(principal, self._clock())
        return principal

    async def start(self) -> None:
        """Read keys and revocations for the first time.

        Raises:
            ConfigurationError: nothing can be verified with these settings.
        """
        if isinstance(self._verifier, AsyncTokenVerifier):
            await self._verifier.start()
        else:
            await asyncio.to_thread(self._verifier.start)

    async def close(self) -> None:
        """Stop reading."""
        if isinstance(self._verifier, AsyncTokenVerifier):
            await self._verifier.aclose()
        else:
            await asyncio.to_thread(self._verifier.close)

    async def _verify(self, token: str) -> Principal:
        if isinstance(self._verifier, AsyncTokenVerifier):
            return await self._verifier.verify(token)
        return await asyncio.to_thread(self._verifier.verify, token)

    async def _missing(self, token: str, permissions: tuple[str, ...]) -> str | None:
        if isinstance(self._verifier, AsyncTokenVerifier):
            return await self._verifier.missing_permission(token, permissions)
        return await asyncio.to_thread(self._verifier.missing_permission, token, permissions)
