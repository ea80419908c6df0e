"""The session of one person, for asynchronous code."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from auth_api_sdk.async_flights import AsyncFlights
from auth_api_sdk.errors import AuthError, SignedOut
from auth_api_sdk.models import Tokens
from auth_api_sdk.session_rules import MIN_SECONDS, end_on_refresh, is_fresh, step_after_refusal, tokens_in
from auth_api_sdk.stores import AsyncTokenStore, TokenStore

if TYPE_CHECKING:
    from auth_api_sdk.async_client import AsyncAuthClient

T = TypeVar("T")


class AsyncUserSession:
    """Keeps the tokens of one person in a store, and refreshes them.

    Made by `AsyncAuthClient.session`. Tasks may share it, and several processes the store: a refresh token that two of
    them send at the same time gets the same successor.
    """

    def __init__(self, client: "AsyncAuthClient", store: TokenStore | AsyncTokenStore, flights: AsyncFlights) -> None:
        self._client = client
        self._store = _Store(store)
        self._flights = flights

    async def adopt(self, tokens: Tokens) -> None:
        """Keep the tokens of a login, in place of any others."""
        while True:
            stored = await self._store.load()
            if await self._store.replace(stored.refresh_token if stored else None, tokens):
                return

    async def access_token(self, min_seconds: float = MIN_SECONDS) -> str:
        """Return an access token that is valid for at least this number of seconds, after a refresh if needed.

        Raises:
            SignedOut: the store is empty, or auth_api has ended the session; then the store is empty now.
            AuthError: the token cannot be refreshed now; the session is kept.
        """
        return (await self._tokens(min_seconds)).access_token

    async def call(self, work: Callable[[str], Awaitable[T]]) -> T:
        """Call an operation with the access token, such as `await session.call(client.profile)`.

        If the server refuses the token as expired, it is refreshed, and the call is repeated once. Tokens in the result
        replace the stored ones.

        Args:
            work: gets the access token.

        Raises:
            SignedOut: the session has ended.
            AuthError: the call failed; the session is kept.
        """
        used = await self._tokens(MIN_SECONDS)
        try:
            result = await work(used.access_token)
        except AuthError as error:
            step = step_after_refusal(error)
            if step == "raise":
                raise
            used = await self._other_tokens(used, error, may_refresh=step == "refresh")
            result = await work(used.access_token)
        return await self._kept(result, used)

    async def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str | int] | None = None
    ) -> Any:
        """Call any operation with the access token, as `call` does; return the decoded JSON."""
        return await self.call(lambda token: self._client.request(method, path, json=json, params=params, token=token))

    async def logout(self) -> None:
        """Empty the store, then end the session. Never fails because of the network: the tokens are gone here."""
        while (stored := await self._store.load()) is not None:
            await self._store.clear(stored.refresh_token)
            await self._end(stored)

    async def _tokens(self, min_seconds: float) -> Tokens:
        stored = await self._load()
        return stored if is_fresh(stored, min_seconds) else await self._refreshed(stored)

    async def _load(self) -> Tokens:
        stored = await self._store.load()
        if stored is None:
            raise SignedOut("logged-out")
        return stored

    async def _refreshed(self, spent: Tokens) -> Tokens:
        return await self._flights.run(spent.refresh_token, lambda: self._refresh(spent))

    async def _refresh(self, spent: Tokens) -> Tokens:
        if (stored := await self._load()) != spent:  # another task or process was faster
            return stored
        try:
            fresh = await self._client.refresh(spent.refresh_token)
        except AuthError as error:
            if (end := end_on_refresh(error)) is None:
                raise
            return await self._end_or_other(spent, end)
        if await self._store.replace(spent.refresh_token, fresh):
            return fresh
        if await self._store.load() is None:  # logged out during the refresh
            await self._end(fresh)
        return await self._load()

    async def _other_tokens(self, used: Tokens, error: AuthError, *, may_refresh: bool) -> Tokens:
        if await self._load() != used:
            return await self._tokens(MIN_SECONDS)
        if may_refresh:
            return await self._refreshed(used)
        return await self._end_or_other(used, SignedOut("revoked", error))

    async def _end_or_other(self, ended: Tokens, end: SignedOut) -> Tokens:
        """Remove the tokens of a session that has ended; return those that the store has got meanwhile."""
        await self._store.clear(ended.refresh_token)
        if (stored := await self._store.load()) is None:
            raise end
        return stored

    async def _kept(self, result: T, used: Tokens) -> T:
        tokens = tokens_in(result, used)
        if (
            tokens is None
            or await self._store.replace(used.refresh_token, tokens)
            or tokens.refresh_token == used.refresh_token
        ):
            return result
        while (stored := await self._store.load()) is not None:  # a new session, during a refresh of the old one
            if await self._store.replace(stored.refresh_token, tokens):
                return result
        await self._end(tokens)  # logged out during the call
        return result

    async def _end(self, tokens: Tokens) -> None:
        with suppress(AuthError):
            await self._client.logout(tokens.refresh_token)


class _Store:
    """A store of either kind. The methods of a synchronous one are called directly, so they should not block."""

    def __init__(self, store: TokenStore | AsyncTokenStore) -> None:
        self._store = store

    async def load(self) -> Tokens | None:
        tokens = self._store.load()
        return await tokens if isinstance(tokens, Awaitable) else tokens

    async def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        is_replaced = self._store.replace(old_refresh_token, tokens)
        return await is_replaced if isinstance(is_replaced, Awaitable) else is_replaced

    async def clear(self, old_refresh_token: str) -> None:
        cleared = self._store.clear(old_refresh_token)
        if cleared is not None:
            await cleared
