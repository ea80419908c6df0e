"""Requests and responses of calls, without I/O, and when to repeat a refresh."""

import ipaddress
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

from auth_api_sdk.calls import Call
from auth_api_sdk.errors import AuthError, Unavailable

T = TypeVar("T")

MAX_RETRIES: Final = 3
MAX_RETRY_SECONDS: Final = 10.0
"""Longest `Retry-After` that a refresh waits for; after a longer one, the caller gets the error at once."""

MAX_USER_AGENT_CHARACTERS: Final = 512
_TEMPORARY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500


class Response(Protocol):
    """What is used of a response of httpx or httpx2."""

    @property
    def status_code(self) -> int: ...  # noqa: D102 - as in these libraries
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is ready to be sent. The repr shows no secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


def check_url(url: str) -> str:
    """Return the URL of a server without a slash at its end.

    Raises:
        ValueError: it is not an http or https URL, or has a user, a query or a fragment.
    """
    parts = urlsplit(url)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
    ):
        message = f"not the URL of a server, such as https://auth.example.com: {url}"
        raise ValueError(message)
    return url.rstrip("/")


def request_of(call: Call[Any], base_url: str, visitor: Mapping[str, str]) -> Request:
    """Return the request of a call.

    Args:
        call: the operation.
        base_url: the URL of the server.
        visitor: headers that describe the person on whose behalf the request is sent.
    """
    headers = {"Accept": "application/json, application/problem+json", "User-Agent": "auth-api-sdk", **visitor}
    if call.token is not None:
        headers["Authorization"] = f"Bearer {call.token}"
    content = None
    if call.json is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(call.json).encode()
    query = f"?{urlencode(call.params)}" if call.params else ""
    return Request(call.method, base_url + call.path + query, headers, content)


def visitor_headers(client_ip: str, user_agent: str | None) -> dict[str, str]:
    """Return the headers that tell auth_api who sits before the browser.

    Raises:
        ValueError: `client_ip` is not an IP address.
    """
    headers = {"X-Forwarded-For": str(ipaddress.ip_address(client_ip))}
    if user_agent is not None:
        printable = "".join(each for each in user_agent if each.isascii() and each.isprintable())
        headers["User-Agent"] = printable[:MAX_USER_AGENT_CHARACTERS].strip()
    return headers


def result_of(call: Call[T], response: Response) -> T:
    """Return the result of a call.

    Raises:
        AuthError: the server refused the call.
        Unavailable: it could not answer now, or its response cannot be read.
    """
    status = response.status_code
    if _FIRST_REDIRECT <= status < _FIRST_ERROR:
        raise _redirected(response)
    try:
        document = json.loads(response.content) if response.content else None
    except ValueError:
        document = None
        if status < _FIRST_ERROR:
            raise _unreadable(status) from None
    if status >= _FIRST_ERROR:
        raise _refusal(status, document, response.headers)
    try:
        return call.read(document)
    except (TypeError, ValueError, KeyError) as error:
        raise _unreadable(status) from error


def unavailable_of(error: Exception) -> Unavailable | None:
    """Return what a caller gets for an exception of httpx or httpx2; None if it is a fault of the caller."""
    names = {each.__name__ for each in type(error).__mro__ if each.__module__.partition(".")[0] in {"httpx", "httpx2"}}
    if "UnsupportedProtocol" in names or not names & {"TransportError", "DecodingError"}:
        return None
    code = "TIMEOUT" if "TimeoutException" in names else "OFFLINE"
    return Unavailable(code, detail=f"auth_api did not answer: {type(error).__name__}.")


def seconds_before_retry(error: AuthError, retries: int) -> float | None:
    """Return how long to wait before a refresh is sent again; None if it is not sent again.

    Args:
        error: what the last attempt got.
        retries: how often it was sent again so far.
    """
    if not isinstance(error, Unavailable) or retries >= MAX_RETRIES:
        return None
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads clients in time
    if error.retry_after is None:
        return float(2**retries) * spread
    return error.retry_after if error.retry_after <= MAX_RETRY_SECONDS else None


def _refusal(status: int, document: Any, headers: Mapping[str, str]) -> AuthError:
    kind = Unavailable if status in _TEMPORARY or status >= _FIRST_SERVER_ERROR else AuthError
    retry_after = headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    is_ours = (
        isinstance(document, Mapping)
        and isinstance(document.get("error_code"), str)
        and document.get("status") == status
    )
    if not is_ours:
        detail = "The response is not one of auth_api."
        return kind("HTTP_ERROR", status, detail, retry_after=seconds, request_id=headers.get("X-Request-ID"))
    return kind(
        document["error_code"],
        status,
        str(document.get("detail", "")),
        errors=document.get("errors") or (),
        retry_after=seconds,
        request_id=document.get("request_id"),
        problem=document,
    )


def _redirected(response: Response) -> Unavailable:
    target = urlsplit(response.headers.get("Location", ""))
    place = f"{target.scheme}://{target.hostname}" if target.hostname else "another path"
    return Unavailable("REDIRECTED", detail=f"The server answered with a redirect to {place}, which was not followed.")


def _unreadable(status: int) -> Unavailable:
    return Unavailable("HTTP_ERROR", status, "The response cannot be read.")
