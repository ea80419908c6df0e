"""What handlers return, as bytes: past the framework's cookies, background tasks and headers, which hardly any has."""

from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.serialization import encode_json, get_serializer
from litestar.types import ASGIApp, Receive, Scope, Send

JSON: Final = "application/json"
_CONTENT_TYPE: Final = (b"content-type", JSON.encode())


class JsonDocument:
    """A whole answer, ready to be sent: an ASGI application.

    Args:
        body: JSON.
        status_code: of the answer.
    """

    def __init__(self, body: bytes, status_code: int) -> None:
        self._body = body
        self._status_code = status_code

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [_CONTENT_TYPE, (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": self._status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Answer:
    """Sends a struct as a document; everything else is Litestar's to answer.

    Stands where a class of Litestar's responses would, which takes longer to be made than to be sent.

    Args:
        content: what the handler returned.
        options: what Litestar's response would be made of.
    """

    def __init__(self, content: Any, **options: Any) -> None:
        self._content = content
        self._options = options

    def to_asgi_response(self, app: None, request: Request[Any, Any, Any], **declared: Any) -> ASGIApp:
        """Return what sends the answer.

        Args:
            app: None; it was something once.
            request: what is answered.
            declared: headers and cookies that the route says all of its answers have.
        """
        options = self._options
        is_plain = options["media_type"] == JSON and not options["background"] and not any(declared.values())
        if isinstance(self._content, msgspec.Struct) and is_plain:
            body = encode_json(self._content, get_serializer(options["type_encoders"]))
            return JsonDocument(body, options["status_code"])
        return Response(self._content, **options).to_asgi_response(app, request, **declared)
