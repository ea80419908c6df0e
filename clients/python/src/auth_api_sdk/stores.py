"""Where the tokens of a session are kept."""

import threading
from typing import Protocol

from auth_api_sdk.models import Tokens


class TokenStore(Protocol):
    """Keeps the tokens of one person. Several processes may share what it reads and writes.

    Each write compares first, so that a late refresh never replaces the tokens of a new login. Stores for
    `AsyncAuthClient` may have these methods as coroutine functions (`AsyncTokenStore`).
    """

    def load(self) -> Tokens | None:
        """Return the tokens; None if there are none."""
        ...

    def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        """Store tokens in place of those with this refresh token, None for an empty store.

        Returns:
            False, without a change, if the store has others.
        """
        ...

    def clear(self, old_refresh_token: str) -> None:
        """Remove the tokens with this refresh token; others stay."""
        ...


class AsyncTokenStore(Protocol):
    """The same with coroutine functions."""

    async def load(self) -> Tokens | None:
        """Return the tokens; None if there are none."""
        ...

    async def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        """Store tokens in place of those with this refresh token, None for an empty store."""
        ...

    async def clear(self, old_refresh_token: str) -> None:
        """Remove the tokens with this refresh token; others stay."""
        ...


class MemoryStore:
    """Keeps tokens in the memory of this process."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()

    def load(self) -> Tokens | None:
        """Return the tokens; None if there are none."""
        return self._tokens

    def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        """Store tokens in place of those with this refresh token, None for an empty store."""
        with self._lock:
            if (self._tokens.refresh_token if self._tokens else None) != old_refresh_token:
                return False
            self._tokens = tokens
            return True

    def clear(self, old_refresh_token: str) -> None:
        """Remove the tokens with this refresh token; others stay."""
        with self._lock:
            if self._tokens is not None and self._tokens.refresh_token == old_refresh_token:
                self._tokens = None
