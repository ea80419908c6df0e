"""A web page in cookie mode. The HTTP client keeps the cookie, as the browser does."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final

import httpx

from tests.support.actors import Actor, ApiResponse

SPA: Final = "https://spa.example.com"
"""In the `COOKIE_ORIGINS` of the application in tests."""

COOKIE: Final = "auth_refresh_80"
"""The name of the refresh cookie of the application in tests."""

COOKIE_MODE: Final = {"Token-Transport": "cookie", "Origin": SPA, "Sec-Fetch-Site": "same-site"}


@dataclass
class CookieActor(Actor):
    """A person with a page in cookie mode. `refresh_token` is only what `sent_cookie` reads."""

    headers: dict[str, str] = field(default_factory=lambda: dict(COOKIE_MODE))

    @property
    def cookie(self) -> str | None:
        """The refresh token that the browser has."""
        return self.client.cookies.get(COOKIE)

    @cookie.setter
    def cookie(self, value: str | None) -> None:
        self.client.cookies.clear()
        if value is not None:
            self.client.cookies.set(COOKIE, value, domain="testserver.local", path="/")

    async def try_refresh(self, token: str | None = None) -> ApiResponse:
        """Refresh with the cookie of the browser, or another one, which the browser keeps."""
        if token is not None:
            self.cookie = token
        return await self.call("POST", "/api/auth/refresh", token="")

    async def log_out(self, token: str | None = None) -> ApiResponse:
        """Log out with the access token and the cookie."""
        return await self.call("POST", "/api/auth/logout", token=token)

    def _store(self, response: ApiResponse) -> ApiResponse:
        if response.response.is_success:
            self.access_token = response["access_token"]
        return response


def set_cookie(response: httpx.Response | ApiResponse) -> Any:
    """Return the refresh cookie that a response sets or deletes, with its attributes; None if it does neither."""
    headers = (response.response if isinstance(response, ApiResponse) else response).headers
    lines = [line for line in headers.get_list("set-cookie") if line.startswith(f"{COOKIE}=")]
    assert len(lines) <= 1
    return SimpleCookie(lines[0])[COOKIE] if lines else None
