"""A client's life cycle, which must work through each proxy, pooler and PostgreSQL version."""

import re
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import httpx

from tests.support.actors import Actor

CLIENT_IP: Final = "127.0.0.2"
LOGIN: Final = "/account/login"


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts only this certificate."""
    return ssl.create_default_context(cafile=str(certificate))


def client_of(port: int, certificate: Path) -> httpx.AsyncClient:
    """Return a client whose IP address differs from the proxy's; all of 127.0.0.0/8 is this machine."""
    transport = httpx.AsyncHTTPTransport(verify=trusting(certificate), local_address=CLIENT_IP)
    return httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", transport=transport, timeout=30)


async def whole_life(client: httpx.AsyncClient, name: str = "ada") -> None:
    """Register, refresh, read the profile, log out, log in, and delete the account."""
    ada = Actor(client, username=name, email=f"{name}@example.com")
    assert (await ada.register()).status == 201
    assert (await ada.refresh()).status == 200
    assert (await ada.profile())["username"] == name
    assert (await ada.log_out()).status == 200
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).status == 200
    deletion = await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})
    assert deletion.response.is_success


async def visit_of_pages(client: httpx.AsyncClient, public_url: str) -> None:
    """Log in and out on the pages, with a browser that states the origin of its forms and knows no Fetch Metadata.

    Args:
        client: through the proxy.
        public_url: the address of the pages for people.
    """
    grace = Actor(client, username="grace", email="grace@example.com")
    assert (await grace.register()).status == 201
    browser = {"Accept": "text/html", "Accept-Language": "de"}
    form = {"identifier": "grace", "password": grace.password, "continue": "/account/sessions"}
    refused = await client.post(LOGIN, data=form, headers={**browser, "Origin": "https://evil.example"})
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (403, "CROSS_SITE_REQUEST")

    logged_in = await client.post(LOGIN, data=form, headers={**browser, "Origin": public_url})
    assert (logged_in.status_code, logged_in.headers["Location"]) == (303, "/account/sessions")
    assert logged_in.headers["Set-Cookie"].startswith("__Host-auth_session=bs_")
    page = await client.get("/account/sessions", headers=browser)
    assert (page.status_code, page.headers["Content-Language"], page.headers["Referrer-Policy"]) == (
        200,
        "de",
        "same-origin",
    )
    for name in set(re.findall(r"/assets/[\w.-]+", page.text)):
        assert (await client.get(name)).status_code == 200
    logged_out = await client.post(
        "/account/logout", data={"decision": "yes"}, headers={**browser, "Origin": public_url}
    )
    assert (logged_out.status_code, "__Host-auth_session" in client.cookies) == (303, False)


METRICS_TARGETS: Final = (
    "/metrics",
    "/metrics/",
    "/metrics//",
    "//metrics",
    "///metrics//",
    "/metrics?x=1",
    "/metrics/?x=1",
    "/%6Detrics",
    "/metric%73/",
    "/%2Fmetrics",
    "/metrics%2F",
    "/./metrics/",
    "/health/../metrics/",
)
"""Ways to write the path of the metrics; auth_api ignores further slashes and decodes letters."""


def statuses(port: int, certificate: Path, targets: Iterable[str], token: str = "") -> dict[str, int]:
    """Send requests with targets that no HTTP client normalizes, and return the statuses of the responses."""
    found = {}
    for target in targets:
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        with slow_request(port, trusting(certificate), head=head.encode()) as connection:
            found[target] = int(connection.makefile("rb").readline().split()[1])
    return found


def slow_request(port: int, context: ssl.SSLContext, *, head: bytes) -> socket.socket:
    """Send the beginning of a request, and keep the connection open."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection = context.wrap_socket(raw, server_hostname="127.0.0.1")
    connection.sendall(head)
    return connection
