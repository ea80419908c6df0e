"""The text that `auth-api serve` prints at startup in development."""

import socket
import sys
from typing import Final

from auth_api.settings import Settings
from auth_api.users.policy import RegistrationPolicy

_EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with the bound host
_ON_LOCALHOST: Final = _EVERY_ADDRESS | {"127.0.0.1", "::1"}
"""Addresses of a server that can be called at `localhost`, the default host of `PUBLIC_URL` in development."""

_OUTSIDE: Final[dict[int, str]] = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, RFC 3849), whose route is the default route."""


def print_banner(settings: Settings, listening: socket.socket, *, has_database: bool) -> None:
    """Print where the server can be reached and, if it has its database, what to try first."""
    sys.stdout.write(_banner(settings, listening, has_database=has_database) + "\n\n")
    sys.stdout.flush()


def _banner(settings: Settings, listening: socket.socket, *, has_database: bool) -> str:
    host, port = listening.getsockname()[:2]
    url = _url("localhost" if host in _ON_LOCALHOST else host, port)
    network = network_address(listening.family) if host in _EVERY_ADDRESS else ""
    lines = [
        f"auth_api is running at {url}   (Ctrl-C stops it)",
        *([f"  Network   {_url(network, port)}"] if network else []),
        *([f"  Pages     {url}/account"] if settings.pages.is_hosted else []),
        f"  Swagger   {url}/schema/swagger",
        f"  ReDoc     {url}/schema/redoc",
        *([f"  Mailbox   {url}/dev/mailbox"] if settings.mail.folder is not None else []),
        f"  Database  {settings.database.kind}: {settings.database.place}{'' if has_database else ' (unavailable)'}",
    ]
    if not has_database:
        return "\n".join(lines)
    registration = settings.of(RegistrationPolicy)
    if not registration.is_open or not registration.allows("alan@example.com"):
        lines += ["", "Next, create a user:", "  auth-api users create alan@example.com alan --verified"]
        return "\n".join(lines)
    lines += [
        "",
        "Next, register a user:",
        f"  curl -s {url}/api/auth/register -H 'Content-Type: application/json' \\",
        """    -d '{"email": "alan@example.com", "username": "alan", "password": "Tr0ub4dor&3-horse"}'""",
    ]
    return "\n".join(lines)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def network_address(family: int) -> str:
    """Return the address of this machine in its network, or an empty text. A datagram socket sends nothing here."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_OUTSIDE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
