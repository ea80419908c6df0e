"""Requests of applications, as the services of the OAuth provider get them."""

import base64
from typing import Any
from urllib.parse import quote_plus

from litestar import Request

from auth_api.kit.http.scope_keys import REQUEST_CONTEXT
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.protocol.parameters import HttpRequest


def request_with(authorization: str = "", *, client_ip: str = "203.0.113.7") -> HttpRequest:
    """Return a request with a header `Authorization`, unless it is empty."""
    headers = [(b"authorization", authorization.encode())] if authorization else []

    def context(**_: object) -> RequestContext:
        return RequestContext(client_ip=client_ip)

    scope: Any = {"type": "http", "method": "POST", "headers": headers, "state": {REQUEST_CONTEXT: context}}
    return Request(scope)


def basic(client_id: str, secret: str) -> str:
    """Return the header of RFC 6749 §2.3.1."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
