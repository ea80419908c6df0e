"""The API client for asynchronous code."""

from asyncio import sleep
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from auth_api_sdk import calls
from auth_api_sdk.async_flights import AsyncFlights
from auth_api_sdk.async_user_session import AsyncUserSession
from auth_api_sdk.calls import UNCHANGED, Call, Method
from auth_api_sdk.client_base import ClientBase
from auth_api_sdk.errors import AuthError
from auth_api_sdk.exchanges import request_of, result_of, seconds_before_retry
from auth_api_sdk.models import LoggedIn, Registration, SessionList, SteppedUp, Tokens, User
from auth_api_sdk.stores import AsyncTokenStore, TokenStore
from auth_api_sdk.transport import AsyncHTTPClient, AsyncTransport

T = TypeVar("T")


class AsyncAuthClient(ClientBase):
    """Calls the operations of auth_api. Tasks of one event loop may share it.

    Args:
        base_url: where this program reaches auth_api, such as `https://auth.example.com`.
        public_url: where browsers reach it, if that is another URL.
        http: an `httpx2.AsyncClient` or `httpx.AsyncClient` of yours, which is not closed here; None: one is made
            with the first request.
        timeout: seconds without progress after which a request fails.

    Each method raises `AuthError` if auth_api refuses the request, and `Unavailable` if it cannot answer now.
    """

    def __init__(
        self,
        base_url: str,
        *,
        public_url: str | None = None,
        http: AsyncHTTPClient | None = None,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(base_url, public_url)
        self._transport = AsyncTransport(http, timeout)
        self._flights = AsyncFlights()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, except for those of a client of yours."""
        await self._transport.close()

    def session(self, store: TokenStore | AsyncTokenStore) -> AsyncUserSession:
        """Return the session of the person whose tokens a store keeps."""
        return AsyncUserSession(self, store, self._flights)

    async def exchange(self, code: str, code_verifier: str) -> LoggedIn:
        """Exchange the code of a hosted login for a session."""
        return await self._send(calls.exchange(code, code_verifier))

    async def register(
        self, *, email: str, username: str, password: str, display_name: str | None = None, locale: str | None = None
    ) -> Registration:
        """Create an account."""
        return await self._send(
            calls.register(email=email, username=username, password=password, display_name=display_name, locale=locale)
        )

    async def login(self, username: str, password: str) -> LoggedIn:
        """Log in with a username or an e-mail address.

        Raises:
            AuthError: among others `MFA_REQUIRED`, with `mfa_token` and `methods` in its `problem`: call `mfa`.
        """
        return await self._send(calls.login(username, password))

    async def mfa(
        self, mfa_token: str, method: Method, *, code: str | None = None, credential: Mapping[str, Any] | None = None
    ) -> LoggedIn:
        """Complete a login with a second factor: a code, or the credential of a passkey."""
        return await self._send(calls.mfa(mfa_token, method, code=code, credential=credential))

    async def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token for the next pair. Sent up to three times more if auth_api cannot answer."""
        retries = 0
        while True:
            try:
                return await self._send(calls.refresh(refresh_token))
            except AuthError as error:
                seconds = seconds_before_retry(error, retries)
                if seconds is None:
                    raise
            await sleep(seconds)
            retries += 1

    async def logout(self, refresh_token: str) -> None:
        """End the session of a refresh token."""
        await self._send(calls.logout(refresh_token))

    async def logout_all(self, token: str, *, keep_current: bool = False) -> int:
        """End all sessions of the user, or all others; return their number."""
        return await self._send(calls.logout_all(token, keep_current=keep_current))

    async def step_up(
        self,
        token: str,
        method: Method | Literal["password"],
        *,
        code: str | None = None,
        credential: Mapping[str, Any] | None = None,
        password: str | None = None,
    ) -> SteppedUp:
        """Prove the identity again, after `STEP_UP_REQUIRED`."""
        return await self._send(calls.step_up(token, method, code=code, credential=credential, password=password))

    async def profile(self, token: str) -> User:
        """Read the account."""
        return await self._send(calls.profile(token))

    async def update_profile(
        self,
        token: str,
        *,
        username: str = UNCHANGED,
        display_name: str | None = UNCHANGED,
        locale: str | None = UNCHANGED,
    ) -> User:
        """Change the account; None removes a value."""
        return await self._send(
            calls.update_profile(token, username=username, display_name=display_name, locale=locale)
        )

    async def change_password(self, token: str, new_password: str, *, current_password: str | None = None) -> Tokens:
        """Change the password, which ends all sessions; the tokens are those of a new one."""
        return await self._send(calls.change_password(token, new_password, current_password=current_password))

    async def sessions(self, token: str, *, limit: int = 100, cursor: str | None = None) -> SessionList:
        """List where the user is logged in."""
        return await self._send(calls.sessions(token, limit=limit, cursor=cursor))

    async def end_session(self, token: str, session_id: str) -> None:
        """End one session of the user."""
        await self._send(calls.end_session(token, session_id))

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        token: str | None = None,
    ) -> Any:
        """Call any other operation, such as `request("GET", "/api/user/factors", token=…)`; return the decoded JSON."""
        return await self._send(calls.any_operation(method, path, json=json, params=params, token=token))

    async def _send(self, call: Call[T]) -> T:
        return result_of(call, await self._transport.send(request_of(call, self._base_url, self._visitor)))
