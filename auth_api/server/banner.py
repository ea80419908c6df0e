"""The text that `auth-api serve` prints at startup in development."""

import socket
import sys

from auth_api.settings import Settings


def print_banner(settings: Settings, listening: socket.socket, *, has_database: bool) -> None:
    """Print where the server can be reached and, if it has its database, what to try first."""
    sys.stdout.write(_banner(settings, listening, has_database=has_database) + "\n\n")
    sys.stdout.flush()


def _banner(settings: Settings, listening: socket.socket, *, has_database: bool) -> str:
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    lines = [
        f"auth_api is running at {url}   (Ctrl-C stops it)",
        f"  Swagger   {url}/schema/swagger",
        f"  ReDoc     {url}/schema/redoc",
        *([f"  Mailbox   {url}/dev/mailbox"] if settings.mail.folder is not None else []),
        f"  Database  {settings.database.kind}: {settings.database.place}{'' if has_database else ' (unavailable)'}",
    ]
    if not has_database:
        return "\n".join(lines)
    lines += [
        "",
        "Next, register a user:",
        f"  curl -s {url}/api/auth/register -H 'Content-Type: application/json' \\",
        """    -d '{"email": "alan@example.com", "username": "alan", "password": "Tr0ub4dor&3-horse"}'""",
    ]
    return "\n".join(lines)
