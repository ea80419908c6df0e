"""Applications that return a profile without authentication or database: the floor of the comparison."""

from typing import Any, Final

import msgspec
from litestar import Litestar, get


class Profile(msgspec.Struct):
    """The fields of our profile."""

    id: int = 1
    username: str = "ada"
    email: str = "ada@example.com"
    is_active: bool = True
    email_verified: bool = False
    created_at: str = "2026-02-19T10:30:45.123Z"
    updated_at: str = "2026-02-19T10:30:45.123Z"
    last_login: str | None = None


@get("/api/user/profile")
async def read_profile() -> Profile:
    """Return a constant profile."""
    return Profile()


bare_litestar = Litestar([read_profile], openapi_config=None, logging_config=None)

_BODY: Final = msgspec.json.encode(Profile())
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def bare_asgi(_scope: Any, _receive: Any, send: Any) -> None:
    """Return a constant profile, without a framework."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})
