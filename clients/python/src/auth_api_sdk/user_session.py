"""The session of one person, for synchronous code."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from auth_api_sdk.errors import AuthError, SignedOut
from auth_api_sdk.flights import Flights
from auth_api_sdk.models import Tokens
from auth_api_sdk.session_rules import MIN_SECONDS, end_on_refresh, is_fresh, step_after_refusal, tokens_in
from auth_api_sdk.stores import TokenStore

if TYPE_CHECKING:
    from auth_api_sdk.client import AuthClient

T = TypeVar("T")


class UserSession:
    """Keeps the tokens of one person in a store, and refreshes them.

    Made by `AuthClient.session`. Threads may share it, and several processes the store: a refresh token that two of
    them send at the same time gets the same successor.
    """

    def __init__(self, client: "AuthClient", store: TokenStore, flights: Flights) -> None:
        self._client = client
        self._store = store
        self._flights = flights

    def adopt(self, tokens: Tokens) -> None:
        """Keep the tokens of a login, in place of any others."""
        while True:
            stored = self._store.load()
            if self._store.replace(stored.refresh_token if stored else None, tokens):
                return

    def access_token(self, min_seconds: float = MIN_SECONDS) -> str:
        """Return an access token that is valid for at least this number of seconds, after a refresh if needed.

        Raises:
            SignedOut: the store is empty, or auth_api has ended the session; then the store is empty now.
            AuthError: the token cannot be refreshed now; the session is kept.
        """
        return self._tokens(min_seconds).access_token

    def call(self, work: Callable[[str], T]) -> T:
        """Call an operation with the access token, such as `session.call(client.profile)`.

        If the server refuses the token as expired, it is refreshed, and the call is repeated once. Tokens in the result
        replace the stored ones.

        Args:
            work: gets the access token.

        Raises:
            SignedOut: the session has ended.
            AuthError: the call failed; the session is kept.
        """
        used = self._tokens(MIN_SECONDS)
        try:
            result = work(used.access_token)
        except AuthError as error:
            step = step_after_refusal(error)
            if step == "raise":
                raise
            used = self._other_tokens(used, error, may_refresh=step == "refresh")
            result = work(used.access_token)
        return self._kept(result, used)

    def request(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str | int] | None = None
    ) -> Any:
        """Call any operation with the access token, as `call` does; return the decoded JSON."""
        return self.call(lambda token: self._client.request(method, path, json=json, params=params, token=token))

    def logout(self) -> None:
        """Empty the store, then end the session. Never fails because of the network: the tokens are gone here."""
        while (stored := self._store.load()) is not None:
            self._store.clear(stored.refresh_token)
            self._end(stored)

    def _tokens(self, min_seconds: float) -> Tokens:
        stored = self._load()
        return stored if is_fresh(stored, min_seconds) else self._refreshed(stored)

    def _load(self) -> Tokens:
        stored = self._store.load()
        if stored is None:
            raise SignedOut("logged-out")
        return stored

    def _refreshed(self, spent: Tokens) -> Tokens:
        return self._flights.run(spent.refresh_token, lambda: self._refresh(spent))

    def _refresh(self, spent: Tokens) -> Tokens:
        if (stored := self._load()) != spent:  # another thread or process was faster
            return stored
        try:
            fresh = self._client.refresh(spent.refresh_token)
        except AuthError as error:
            if (end := end_on_refresh(error)) is None:
                raise
            return self._end_or_other(spent, end)
        if self._store.replace(spent.refresh_token, fresh):
            return fresh
        if self._store.load() is None:  # logged out during the refresh
            self._end(fresh)
        return self._load()

    def _other_tokens(self, used: Tokens, error: AuthError, *, may_refresh: bool) -> Tokens:
        if self._load() != used:
            return self._tokens(MIN_SECONDS)
        if may_refresh:
            return self._refreshed(used)
        return self._end_or_other(used, SignedOut("revoked", error))

    def _end_or_other(self, ended: Tokens, end: SignedOut) -> Tokens:
        """Remove the tokens of a session that has ended; return those that the store has got meanwhile."""
        self._store.clear(ended.refresh_token)
        if (stored := self._store.load()) is None:
            raise end
        return stored

    def _kept(self, result: T, used: Tokens) -> T:
        tokens = tokens_in(result, used)
        if (
            tokens is None
            or self._store.replace(used.refresh_token, tokens)
            or tokens.refresh_token == used.refresh_token
        ):
            return result
        while (stored := self._store.load()) is not None:  # a new session, during a refresh of the old one
            if self._store.replace(stored.refresh_token, tokens):
                return result
        self._end(tokens)  # logged out during the call
        return result

    def _end(self, tokens: Tokens) -> None:
        with suppress(AuthError):
            self._client.logout(tokens.refresh_token)
