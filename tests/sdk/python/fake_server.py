"""A fake auth_api at the port of the HTTP client: it answers by a script, and records the requests."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final

import httpx2

from auth_api_sdk import AsyncAuthClient, AuthClient, MemoryStore, Tokens

URL: Final = "https://auth.example.com"
REFRESH: Final = "POST /api/auth/refresh"

USER: Final = {
    "id": 7,
    "username": "ada",
    "email": "ada@example.com",
    "email_verified": True,
    "is_active": True,
    "has_password": True,
    "display_name": None,
    "locale": "de",
    "metadata": {"plan": "pro"},
    "created_at": "2026-11-30T13:58:44.923Z",
    "updated_at": "2026-11-30T13:58:46.101Z",
    "last_login": None,
}

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception
"""Status, JSON (or bytes), and headers; or what the network raises."""


def pair(number: int, **members: Any) -> dict[str, Any]:
    """Return a token pair as the server sends it."""
    tokens = {"access_token": f"access-{number}", "refresh_token": f"rt_{number}", "token_type": "Bearer"}
    return {**tokens, "expires_in": 1800, "refresh_expires_in": 604800, **members}


def stored(number: int, *, age: float = 0.0) -> Tokens:
    """Return a pair that was received some seconds ago."""
    tokens = Tokens(f"access-{number}", f"rt_{number}", 1800, 604800)
    return Tokens(**{**json.loads(tokens.to_json()), "received_at": tokens.received_at - age})


def problem(status: int, code: str, **members: Any) -> tuple[int, Any]:
    """Return the status and the body of a refusal."""
    return status, {"status": status, "error_code": code, "detail": f"It is {code}.", "request_id": "r1", **members}


@dataclass
class FakeServer:
    """Answers requests.

    Attributes:
        answers: by method and path, in order; the last one is repeated. A function gets the request.
        requests: all requests so far.
    """

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[httpx2.Request] = field(default_factory=list)
    during: Callable[[str], None] = lambda _: None

    def on(self, operation: str, *answers: Answer) -> None:
        """Answer an operation, such as `POST /api/auth/refresh`."""
        self.answers[operation] = list(answers)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        operation = f"{request.method} {request.url.path}"
        self.during(operation)
        answers = self.answers.get(operation, [problem(404, "NOT_FOUND")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return httpx2.Response(status, content=content, headers=headers[0] if headers else {})

    async def handle_async(self, request: httpx2.Request) -> httpx2.Response:
        return self.handle(request)

    def sent(self, path: str = "") -> list[Any]:
        """Return the bodies of the requests, or of those to one path."""
        found = [each for each in self.requests if path in {"", each.url.path}]
        return [json.loads(each.content) if each.content else None for each in found]

    def client(self) -> AuthClient:
        return AuthClient(URL, http=httpx2.Client(transport=httpx2.MockTransport(self.handle)))

    def async_client(self) -> AsyncAuthClient:
        return AsyncAuthClient(URL, http=httpx2.AsyncClient(transport=httpx2.MockTransport(self.handle_async)))


@dataclass
class Subject:
    """A client of either kind, its session and their server."""

    server: FakeServer
    client: Any
    store: MemoryStore

    @property
    def session(self) -> Any:
        return self.client.session(self.store)


async def settled(value: Any) -> Any:
    """Return what a method of either client returns."""
    return await value if isawaitable(value) else value


def subjects(kind: str) -> Iterator[Subject]:
    """Yield a client of a kind with an empty store."""
    server = FakeServer()
    yield Subject(server, server.client() if kind == "sync" else server.async_client(), MemoryStore())


def refresh_token_of(subject: Subject) -> str | None:
    tokens = subject.store.load()
    return tokens.refresh_token if tokens else None
