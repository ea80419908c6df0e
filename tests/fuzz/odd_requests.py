"""Send requests that Schemathesis does not generate: odd JSON, media types, methods, paths and headers.

A response must not be a 5xx. If the request goes to an operation of the document, status, media type and body of the
response must be documented.
"""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from openapi_schema_validator import OAS31Validator

from tests.fuzz.accounts import Api

JSON: Final = {"Content-Type": "application/json"}
TIMEOUT_SECONDS: Final = 30
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LOCK", "get")

PAGES: Final = (
    *("/", "/account/{odd}", "/assets/{odd}", "/schema/{odd}", "/health/client", "/metrics"),
    *("/dev/mailbox", "/dev/mailbox/html/{odd}"),
)
"""Paths that are not in the document."""

PATH_PARTS: Final = (
    *(
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "%ff%fe",
        "%ed%a0%80",
        "a%0d%0ab",
        "%f0%9f%92%a9",
        "9" * 400,
        "%",
        "{}",
        "?limit=-1",
    ),
    *("?limit=%00&cursor=%00", "?limit=%ed%a0%80&cursor=%ff", "?limit=1e9", f"?limit={'9' * 400}&cursor={'9' * 400}"),
)
"""Odd ends of a path, some with a query."""

VALUES: Final = (
    *("null", "true", "[]", "{}", "-1", "9" * 5000, "1e999", "NaN", '""', '"\\u0000"', '"\\ud800"', '"\\u202e\\ufeff"'),
    *('"\\ud83d\\ude00"', f'"{"x" * 60_000}"', "[" * 20 + "]" * 20, "[" * 5000 + "]" * 5000, '"\x01"'),
)
"""Odd values of a field, as JSON."""

BODIES: Final = (
    *(b"", b" ", b"null", b"[]", b'"text"', b"{", b"{}", b"{}}", b"\xef\xbb\xbf{}", b"{\x00}\x00", b'{"a":"\xff"}'),
    *(b"{'a': 1}", b'{"a":1,}', b'{"":1}', b'{"\\ud800":1}', b'{"__proto__":{}}', b"[" * 50_000, b'{"a":' * 10_000),
)
"""Odd bodies."""

HEADERS: Final = tuple(
    (name, value)
    for name, values in {
        "Accept": ("", "*", "text/html", "text/html;q=inf", "text/html;q=\xff", "a/b;" * 500, "image/png", ",,;="),
        "Content-Type": ("", "text/plain", "application/json; charset=utf-16", "application/json;;=", "\xff"),
        "Content-Encoding": ("gzip", "identity", "br, gzip", "\xff"),
        "Content-Length": ("1", "-1", "x", "99999", "9" * 400),
        "Authorization": (
            "",
            "Bearer",
            "Bearer  ",
            "Basic YTpi",
            "Bearer \xff",
            "Bearer a.b.c",
            "Bearer " + "." * 9000,
        ),
        "If-None-Match": ("*", '"', "W/", '"\xff"'),
        "X-Forwarded-For": ("\xff", "999.999.999.999", "::1%eth0", "," * 1000),
        "Host": ("", "\xff", "a:b:c"),
        "Transfer-Encoding": ("chunked", "gzip, chunked", "identity"),
        "Expect": ("100-continue", "nonsense"),
        "Upgrade": ("websocket", "h2c"),
        "Cookie": ("=;" * 1000,),
        "Range": ("bytes=-1",),
        "Accept-Language": ("x" * 5000, "\xff"),
        "User-Agent": ("\xff\x80",),
        "X-Request-ID": ("\xff",),
        "X-Long": ("x" * 20_000,),
    }.items()
    for value in values
)
"""Odd headers, encoded as Latin-1."""


class OddRequest(NamedTuple):
    """A request, and the operation of the document that it goes to."""

    method: str
    path: str
    operation: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = JSON
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]} {str(dict(self.headers))[:200]} {self.body[:200]!r}"


class Response(NamedTuple):
    """The parts of a response that are checked."""

    status: int
    media_type: str
    body: bytes


def odd_requests(document: Mapping[str, Any]) -> Iterator[OddRequest]:
    """Yield the requests to all operations and pages."""
    for template, item in document["paths"].items():
        path = template.format(session_id="1", passkey_id="1", error_code="NOT_FOUND")
        for method in METHODS:
            yield OddRequest(method, path, body=b"{}")
        for part in PATH_PARTS:
            yield OddRequest("GET", template.replace("{", "").replace("}", "") + part)
            yield OddRequest("GET", template.format(session_id=part, passkey_id=part, error_code=part))
        for method, operation in item.items():
            yield from _odd_requests_to(method.upper(), path, operation)
    for page in PAGES:
        yield from (OddRequest("GET", page.format(odd=part)) for part in PATH_PARTS)
        yield from (OddRequest(method, page.format(odd="x"), body=b"{}") for method in METHODS)
        yield from (OddRequest("GET", page.format(odd="x"), None, dict([header])) for header in HEADERS)


def _odd_requests_to(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[OddRequest]:
    example = {}
    for media in operation.get("requestBody", {}).get("content", {}).values():
        example = media["examples"]["example"]["value"]
    normal = json.dumps(example).encode()
    for name, value in HEADERS:
        yield OddRequest(method, path, operation, {**JSON, name: value}, normal)
    for body in BODIES:
        yield OddRequest(method, path, operation, body=body)
    fields = {name: f"{json.dumps(name)}:{json.dumps(value)}" for name, value in example.items()}
    for name, field in fields.items():
        others = [text for other, text in fields.items() if other != name]
        for odd in (f"{field},{field}", *(f"{json.dumps(name)}:{value}" for value in VALUES)):
            yield OddRequest(method, path, operation, body=f"{{{','.join([odd, *others])}}}".encode())


class OddClient:
    """Sends requests on connections that are reused.

    Args:
        url: base URL of a development server.
        document: its OpenAPI document.
    """

    def __init__(self, url: str, document: Mapping[str, Any]) -> None:
        self._document = document
        self._api = Api(url)
        self._netloc = urlsplit(url).netloc
        self._token = self._api.register().access_token

    def failures(self) -> Iterator[str]:
        """Send all requests, and yield a line for each wrong response."""
        for request in odd_requests(self._document):
            try:
                response = self._send(request)
            except (http.client.HTTPException, OSError) as error:
                yield f"no response, {error!r}: {request}"
                continue
            wrong = self._error(request, response)
            if wrong:
                yield f"{wrong}: {request}"
            if response.status == http.HTTPStatus.UNAUTHORIZED and "Authorization" not in request.headers:
                self._token = self._api.register().access_token

    def _send(self, request: OddRequest) -> Response:
        headers = {"Host": "localhost", "Authorization": f"Bearer {self._token}", **request.headers}
        headers = {"Content-Length": str(len(request.body)), **headers}
        if headers.get("Upgrade"):
            headers["Connection"] = "Upgrade"
        # A connection of its own: the server may take the rest of an odd body for the next request.
        with closing(http.client.HTTPConnection(self._netloc, timeout=TIMEOUT_SECONDS)) as connection:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode("latin-1"))
            connection.endheaders(request.body)
            response = connection.getresponse()
            return Response(response.status, response.headers.get_content_type(), response.read())

    def _error(self, request: OddRequest, response: Response) -> str:
        """Return what is wrong with a response; empty if nothing is."""
        if response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"status {response.status}"
        if request.operation is None:
            return ""
        documented = request.operation["responses"].get(str(response.status))
        if documented is None:
            return f"undocumented status {response.status}"
        name = documented.get("$ref", "").rpartition("/")[2]
        content = self._document["components"]["responses"].get(name, documented).get("content")
        return self._content_error(response, content or {})

    def _content_error(self, response: Response, content: Mapping[str, Any]) -> str:
        if not response.body:
            return "missing body" if content else ""
        if response.media_type not in content:
            return f"undocumented media type {response.media_type} of a {response.status}"
        if not response.media_type.endswith("json"):
            return ""
        schema = {**content[response.media_type]["schema"], "components": self._document["components"]}
        found = next(OAS31Validator(schema).iter_errors(json.loads(response.body)), None)
        return f"wrong body of a {response.status}, {found.message}" if found else ""
