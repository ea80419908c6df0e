"""The same service in FastAPI and in Litestar."""

from collections.abc import Callable
from typing import Annotated, Any

import fastapi
import litestar
from fastapi import Depends, FastAPI
from litestar import Litestar, get

import auth_api_sdk.fastapi
import auth_api_sdk.litestar
from auth_api_sdk import AsyncTokenVerifier, Principal, TokenVerifier

Verifier = AsyncTokenVerifier | TokenVerifier
ServiceFactory = Callable[[Verifier], Any]

ROUTES: dict[str, dict[str, Any]] = {
    "/any": {},
    "/role": {"role": "editor"},
    "/roles": {"role": ["editor", "author"]},
    "/permission": {"permission": ["notes:read", "notes:write"]},
    "/scope": {"scope": "notes:read"},
    "/acr": {"acr": "aal2"},
    "/recent": {"acr": "aal1", "max_age": 600},
    "/role-and-recent": {"role": "editor", "max_age": 600},
}


def in_fastapi(verifier: Verifier) -> FastAPI:
    """Return the service in FastAPI."""
    app = FastAPI()
    auth = auth_api_sdk.fastapi.TokenAuth(verifier)
    for path, required in ROUTES.items():

        def show(who: Annotated[Principal, Depends(auth.requires(**required))]) -> dict[str, Any]:
            return seen(who)

        app.get(path)(show)

    @app.websocket("/socket")
    async def greet(
        socket: fastapi.WebSocket, who: Annotated[Principal, Depends(auth.requires(role="editor"))]
    ) -> None:
        await socket.accept()
        await socket.send_json(seen(who))
        await socket.close()

    auth.install(app)
    return app


def in_litestar(verifier: Verifier) -> Litestar:
    """Return the service in Litestar."""
    auth = auth_api_sdk.litestar.TokenAuth(verifier)

    def handler(path: str, required: dict[str, Any]) -> Any:
        @get(path, guards=[auth.requires(**required)] if required else [])
        async def show(principal: auth_api_sdk.litestar.Sender) -> dict[str, Any]:
            return seen(principal)

        return show

    @litestar.websocket("/socket", guards=[auth.requires(role="editor")])
    async def greet(socket: litestar.WebSocket[Any, Any, Any], principal: auth_api_sdk.litestar.Sender) -> None:
        await socket.accept()
        await socket.send_json(seen(principal))
        await socket.close()

    handlers = [handler(path, required) for path, required in ROUTES.items()]
    return Litestar([*handlers, greet], plugins=[auth], logging_config=None)


def seen(who: Principal) -> dict[str, Any]:
    """Return what a handler knows of the sender."""
    return {"subject": who.subject, "kind": who.kind, "is_stale": who.is_stale}
