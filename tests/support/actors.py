"""A person who sends requests, and the response as tests compare it."""

from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "Correct-Horse-7-Staple"


@dataclass
class ApiResponse:
    """A response, with the parts that tests compare."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def json(self) -> Any:
        return self.response.json()

    @property
    def code(self) -> str:
        """The error code, or an empty string."""
        return str(self.json.get("error_code", "")) if self.response.content else ""

    @property
    def outcome(self) -> tuple[int, str]:
        """The status and the error code."""
        return self.status, self.code

    def __getitem__(self, name: str) -> Any:
        return self.json[name]


@dataclass
class Actor:
    """A person with an e-mail address, a username and a password, and the tokens of the last response."""

    client: httpx.AsyncClient
    username: str = "ada"
    email: str = "ada@example.com"
    password: str = PASSWORD
    access_token: str = ""
    refresh_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, *, token: str | None = None, **arguments: Any) -> ApiResponse:
        """Send a request with the current access token, with another one, or without one (an empty string)."""
        bearer = self.access_token if token is None else token
        headers = {**self.headers, **arguments.pop("headers", {})}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return ApiResponse(await self.client.request(method, path, headers=headers, **arguments))

    async def register(self, **changed: Any) -> ApiResponse:
        """Register, and store the tokens."""
        fields = {"email": self.email, "username": self.username, "password": self.password, **changed}
        return self._store(await self.call("POST", "/api/auth/register", token="", json=fields))

    async def log_in(self, **changed: Any) -> ApiResponse:
        """Log in with the username, and store the tokens."""
        fields = {"username": self.username, "password": self.password, **changed}
        given = {name: value for name, value in fields.items() if value is not None}
        return self._store(await self.call("POST", "/api/auth/login", token="", json=given))

    async def refresh(self, token: str | None = None) -> ApiResponse:
        """Refresh with the current token, or another one, and store the new tokens."""
        return self._store(await self.try_refresh(token))

    async def try_refresh(self, token: str | None = None) -> ApiResponse:
        """Refresh without storing the new tokens."""
        body = {"refresh_token": self.refresh_token if token is None else token}
        return await self.call("POST", "/api/auth/refresh", token="", json=body)

    async def profile(self, token: str | None = None) -> ApiResponse:
        """Read the profile."""
        return await self.call("GET", "/api/user/profile", token=token)

    async def log_out(self, token: str | None = None) -> ApiResponse:
        """Log out with the access token."""
        return await self.call("POST", "/api/auth/logout", token=token)

    def _store(self, response: ApiResponse) -> ApiResponse:
        if response.response.is_success:
            self.access_token = response["access_token"]
            self.refresh_token = response["refresh_token"]
        return response
