"""Call an ASGI application without a network and without an HTTP client library."""

from typing import Any


class Caller:
    """Send requests to an ASGI application as a server does."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def call(self, method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
        """Return the body of a successful response.

        Raises:
            AssertionError: the response is an error.
        """
        headers = [(b"host", b"auth.example.org")]
        if token:
            headers.append((b"authorization", b"Bearer " + token.encode()))
        if body:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        sent: list[Any] = []
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "state": {},
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        if sent[0]["status"] >= 400:
            raise AssertionError(sent[1]["body"])
        return bytes(sent[1]["body"])
