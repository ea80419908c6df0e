"""A program that uses the package; type checkers read it, and the installed package runs it."""

import asyncio
from typing import Any, assert_type

import httpx2

from auth_api_sdk import (
    AsyncAuthClient,
    AsyncTokenStore,
    AuthClient,
    AuthError,
    LoggedIn,
    MemoryStore,
    SignedOut,
    SqliteStore,
    Tokens,
    TokenStore,
    Unavailable,
    User,
)


class OwnStore:
    """A store of the program's."""

    async def load(self) -> Tokens | None:
        return None

    async def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
        return old_refresh_token is None and tokens.expires_in > 0

    async def clear(self, old_refresh_token: str) -> None:
        return None


def use(client: AuthClient, store: TokenStore) -> str:
    session = client.on_behalf_of("192.0.2.1", "curl").session(store)
    try:
        logged_in = assert_type(client.login("ada", "pw"), LoggedIn)
        session.adopt(logged_in.tokens)
        user = assert_type(session.call(client.profile), User)
        assert_type(session.call(lambda token: client.change_password(token, "new")), Tokens)
        assert_type(session.request("GET", "/api/user/factors"), Any)
        return assert_type(user.username, str)
    except SignedOut as error:
        return error.reason
    except Unavailable as error:
        return f"{error.code} {error.retry_after}"
    except AuthError as error:
        return str(error.problem.get("mfa_token"))


async def use_async(client: AsyncAuthClient, store: AsyncTokenStore) -> str:
    async with client:
        session = client.session(store)
        user = assert_type(await session.call(client.profile), User)
        assert_type(await client.on_behalf_of("192.0.2.1").refresh("rt"), Tokens)
        assert_type(await session.call(client.logout_all), int)
        return user.username


def main() -> None:
    url, code_verifier = AuthClient("https://auth.example.com").sign_in_url("https://site.example/")
    assert url.startswith("https://auth.example.com/account/login?")
    assert len(code_verifier) == 43
    tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 1, "refresh_expires_in": 2}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=tokens))
    with httpx2.Client(transport=transport) as http:
        assert AuthClient("https://auth.example.com", http=http).refresh("rt").refresh_token == "r"
    stores: list[TokenStore] = [MemoryStore(), SqliteStore("tokens.db", "key")]
    assert [use(AuthClient("http://127.0.0.1:9"), store) for store in stores] == ["OFFLINE None"] * 2
    try:
        asyncio.run(use_async(AsyncAuthClient("http://127.0.0.1:9", http=httpx2.AsyncClient()), OwnStore()))
    except SignedOut as error:
        print(error.reason)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
