"""Check which client IP address a running server sees through its proxies."""

import http.client
import json
import socket
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.operations.health.schemas import CLIENT_PATH, SeenClient


class InvalidUrlError(ValueError):
    """The URL has another scheme than http or https, no host, or an invalid port."""


TIMEOUT_SECONDS: Final = 5.0
"""For each of two requests."""

FORGED_IP: Final = "192.0.2.171"
"""An address reserved for documentation (RFC 5737), which no client has."""

CHECK: Final = "proxy.address"

_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "the host name cannot be resolved"),
    (UnicodeError, "the host name cannot be resolved"),
    (TimeoutError, "no response in time"),
    (ConnectionRefusedError, "the connection was refused"),
    (ssl.SSLError, "it does not use TLS at this point"),
    (OSError, "the connection failed"),
    (http.client.InvalidURL, "it is not a valid URL"),
    (http.client.HTTPException, "it does not use HTTP at this point"),
    (InvalidUrlError, "it is not an http or https URL"),
)
"""The first type that matches."""


def check_proxy(url: str, token: str | None) -> Finding:
    """Ask the server for the client IP address it sees, once normally and once with a forged X-Forwarded-For header.

    Args:
        url: URL at which clients reach the server.
        token: METRICS_TOKEN of the server; only development responds without it.
    """
    try:
        plain, forged = (_ask(url, token, headers) for headers in ({}, {"X-Forwarded-For": FORGED_IP}))
    except RefusedError as error:
        return evaluate_status(error.status)
    except ssl.SSLCertVerificationError as error:
        return fail(CHECK, f"The certificate of {url} is not valid ({error.verify_message}).", "Renew it at the proxy.")
    except (OSError, http.client.HTTPException, ValueError) as error:
        message = f"{url} did not respond as this server does: {reason_of_failure(error)}."
        return fail(CHECK, message, "Pass the URL that clients use, and check that proxy and server are running.")
    return evaluate_proxy(plain, forged)


def reason_of_failure(error: Exception) -> str:
    """Return why the request failed, without the names of Python's errors."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return "the response is not that of auth_api"


def evaluate_proxy(plain: SeenClient, forged: SeenClient) -> Finding:
    """Fail if the server does not see the clients' IP addresses, or if clients can forge them."""
    if forged.address == FORGED_IP:
        return fail(
            CHECK,
            f"Clients can forge their IP address with X-Forwarded-For, which {plain.peer} may set.",
            "Let the proxy set or append X-Forwarded-For, and remove clients from TRUSTED_PROXIES.",
        )
    if plain.address != plain.peer:
        message = f"The server sees this machine as {plain.address} through the proxy {plain.peer}."
        return ok(CHECK, f"{message} A forged address is ignored.")
    if plain.forwarded == plain.peer:
        message = f"Unknown: this machine and the proxy have the same IP address, {plain.peer}."
        return note(CHECK, message, "Run this check on another machine.")
    if plain.forwarded is not None:
        return fail(
            CHECK,
            f"All clients appear as {plain.peer}: the proxy's X-Forwarded-For ({plain.forwarded}) is not trusted.",
            f"""Set TRUSTED_PROXIES='["{plain.peer}"]', or the proxies' network, and restart.""",
        )
    return warn(
        CHECK,
        f"The server sees this machine as {plain.peer}; no proxy forwards an IP address.",
        "If there is a proxy, let it send X-Forwarded-For.",
    )


class RefusedError(Exception):
    """The server returned another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _ask(url: str, token: str | None, headers: dict[str, str]) -> SeenClient:
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    return msgspec.convert(fetch_document(f"{url.rstrip('/')}{CLIENT_PATH}", {**authorization, **headers}), SeenClient)


def fetch_document(url: str, headers: dict[str, str]) -> Any:
    """Return the JSON document at a URL, within `TIMEOUT_SECONDS`.

    Raises:
        RefusedError: the server returned another status than 200.
        OSError: the server cannot be reached.
        http.client.HTTPException: the response is not HTTP.
        ValueError: the URL is not valid, or the response is not JSON.
    """
    parts = urlsplit(url)
    make: Any = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(parts.scheme)
    if make is None or not parts.hostname:
        raise InvalidUrlError
    try:
        port = parts.port
    except ValueError as error:
        raise InvalidUrlError from error
    connection = make(parts.hostname, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path, headers=headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(response.status)
    return json.loads(content)


def evaluate_status(status: int) -> Finding:
    """Explain a response without the client IP address."""
    match status:
        case http.client.UNAUTHORIZED:
            return note(CHECK, "Unknown: the server rejected METRICS_TOKEN.", "Set METRICS_TOKEN to the server's own.")
        case http.client.NOT_FOUND:
            message = "Unknown: the server has no METRICS_TOKEN, or the proxy does not forward /health/client."
            return note(CHECK, message, "Set METRICS_TOKEN for the server and for this command, and check the proxy.")
        case http.client.FORBIDDEN | http.client.BAD_REQUEST | http.client.MISDIRECTED_REQUEST:
            message = f"The server rejects requests that come through the proxy ({status})."
            return fail(
                CHECK, message, "Let the proxy forward Host and X-Forwarded-Proto, and list it in TRUSTED_PROXIES."
            )
        case _:
            return fail(CHECK, f"The server returned {status}.", "Read the logs of proxy and server.")
