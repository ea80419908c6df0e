"""A person who speaks HTTP."""

from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "Correct-Horse-7-Staple"


@dataclass
class ApiResponse:
    """A response, as a test compares it."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def json(self) -> Any:
        return self.response.json()

    @property
    def code(self) -> str:
        """The error's code; empty for an answer that is no error."""
        return str(self.json.get("error_code", "")) if self.response.content else ""

    @property
    def outcome(self) -> tuple[int, str]:
        """Status and error code together: what most tests expect."""
        return self.status, self.code

    def __getitem__(self, name: str) -> Any:
        return self.json[name]


@dataclass
class Actor:
    """Somebody with an address, a name and a password; remembers the tokens of the last answer."""

    client: httpx.AsyncClient
    username: str = "ada"
    email: str = "ada@example.com"
    password: str = PASSWORD
    access_token: str = ""
    refresh_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, *, token: str | None = None, **arguments: Any) -> ApiResponse:
        """Send a request, with the access token at hand unless another one (or an empty text, for none) is given."""
        bearer = self.access_token if token is None else token
        headers = {**self.headers, **arguments.pop("headers", {})}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return ApiResponse(await self.client.request(method, path, headers=headers, **arguments))

    async def register(self, **changed: Any) -> ApiResponse:
        """Register, and keep the tokens."""
        fields = {"email": self.email, "username": self.username, "password": self.password, **changed}
        return self._keep(await self.call("POST", "/api/auth/register", token="", json=fields))

    async def log_in(self, **changed: Any) -> ApiResponse:
        """Log in by username, and keep the tokens."""
        fields = {"username": self.username, "password": self.password, **changed}
        named = {name: value for name, value in fields.items() if value is not None}
        return self._keep(await self.call("POST", "/api/auth/login", token="", json=named))

    async def refresh(self, token: str | None = None) -> ApiResponse:
        """Refresh with the token at hand, or another one, and keep the new ones."""
        return self._keep(await self.try_refresh(token))

    async def try_refresh(self, token: str | None = None) -> ApiResponse:
        """Refresh without keeping the answer's tokens."""
        body = {"refresh_token": self.refresh_token if token is None else token}
        return await self.call("POST", "/api/auth/refresh", token="", json=body)

    async def profile(self, token: str | None = None) -> ApiResponse:
        """Read the profile."""
        return await self.call("GET", "/api/user/profile", token=token)

    async def log_out(self, token: str | None = None) -> ApiResponse:
        """Log out by the access token."""
        return await self.call("POST", "/api/auth/logout", token=token)

    def _keep(self, response: ApiResponse) -> ApiResponse:
        if response.response.is_success:
            self.access_token = response["access_token"]
            self.refresh_token = response["refresh_token"]
        return response
