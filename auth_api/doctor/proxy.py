"""What becomes of a client's address on its way through the proxies: asked of the running server itself."""

import http.client
import json
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.operations.health.schemas import CLIENT_PATH, SeenClient

TIMEOUT: Final = 5.0
"""Seconds for each of two requests."""

FORGED: Final = "192.0.2.171"
"""An address for documentation (RFC 5737), which nobody has."""

CHECK: Final = "proxy.address"


def check_proxy(url: str, token: str | None) -> Finding:
    """Ask the server at `url` twice who is asking: plainly, and with a forged X-Forwarded-For.

    The server answers that to who has METRICS_TOKEN (in development to everybody).
    """
    try:
        plain, forged = (_ask(url, token, headers) for headers in ({}, {"X-Forwarded-For": FORGED}))
    except RefusedError as error:
        return _explain_status(error.status)
    except ssl.SSLCertVerificationError as error:
        return fail(CHECK, f"the certificate of {url} is not good ({error.verify_message})", "Renew it at the proxy.")
    except (OSError, http.client.HTTPException, ValueError) as error:
        says = f"{url} does not answer as this server does ({type(error).__name__})"
        return fail(CHECK, says, "Give the address that clients use, and see whether proxy and server run.")
    return evaluate_proxy(plain, forged)


def evaluate_proxy(plain: SeenClient, forged: SeenClient) -> Finding:
    """Say whether the server sees its clients, and whether they can choose who they are."""
    if forged.address == FORGED:
        return fail(
            CHECK,
            f"whoever sends X-Forwarded-For is who they say they are (believed of {plain.peer})",
            "Let the proxy set or append X-Forwarded-For, and keep clients out of TRUSTED_PROXIES.",
        )
    if plain.address != plain.peer:
        return ok(CHECK, f"this machine is {plain.address}, says the proxy {plain.peer}; a forged address is ignored")
    if plain.forwarded == plain.peer:
        says = f"not known: this machine and the proxy have one address, {plain.peer}"
        return note(CHECK, says, "Ask from another machine.")
    if plain.forwarded is not None:
        return fail(
            CHECK,
            f"all clients seem to be {plain.peer}: the proxy's word ({plain.forwarded}) is not believed",
            f"""Set TRUSTED_PROXIES='["{plain.peer}"]', or the proxies' network, and restart.""",
        )
    return warn(
        CHECK,
        f"this machine is {plain.peer}, and no proxy forwards an address",
        "Nothing, if there is no proxy; otherwise let it send X-Forwarded-For.",
    )


class RefusedError(Exception):
    """The server answers, but not this."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _ask(url: str, token: str | None, headers: dict[str, str]) -> SeenClient:
    parts = urlsplit(url)
    make: Any = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(parts.scheme)
    if make is None or not parts.hostname:
        message = "no http or https address"
        raise ValueError(message)
    connection = make(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", f"{parts.path.rstrip('/')}{CLIENT_PATH}", headers={**authorization, **headers})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(response.status)
    return msgspec.convert(json.loads(content), SeenClient)


def _explain_status(status: int) -> Finding:
    match status:
        case http.client.UNAUTHORIZED:
            return note(
                CHECK, "not known: the server does not take this METRICS_TOKEN", "Give doctor the server's own."
            )
        case http.client.NOT_FOUND:
            says = "not known: the server tells nobody, for it has no METRICS_TOKEN"
            return note(CHECK, says, "Set METRICS_TOKEN for both, or see that the proxy passes /health/client on.")
        case http.client.FORBIDDEN | http.client.BAD_REQUEST | http.client.MISDIRECTED_REQUEST:
            says = f"the server refuses what comes by this way ({status})"
            return fail(CHECK, says, "Let the proxy send X-Forwarded-Proto and Host on, and trust it.")
        case _:
            return fail(CHECK, f"the server answers {status}", "Look at the logs of proxy and server.")
