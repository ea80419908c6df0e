"""Applications that answer a profile without knowing anybody: what is left when everything is left out."""

from typing import Any, Final

import msgspec
from litestar import Litestar, get


class Profile(msgspec.Struct):
    """As many fields as ours has."""

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
    """Answer."""
    return Profile()


bare_litestar = Litestar([read_profile], openapi_config=None, logging_config=None)

_BODY: Final = msgspec.json.encode(Profile())
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def bare_asgi(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer, without a framework."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})
