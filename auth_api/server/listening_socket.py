"""The listening socket, and the process's limit of open files."""

import resource
import socket
import sys
from typing import Final

BACKLOG: Final = 2048

UNREAD_SECONDS: Final = 30
"""Time that a client may leave a response unread that does not fit into the buffers of the kernel."""

FILES_BESIDES_CONNECTIONS: Final = 256
"""Open files that are not client connections: database connections, pipes, modules that are being imported."""


class AddressUnavailableError(Exception):
    """The address to listen on is not available; the text says what to do."""


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address.

    Args:
        host: IP address or host name.
        port: TCP port; 0 lets the system choose.

    Raises:
        AddressUnavailableError: the address is in use, does not belong to this machine, or is not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sets TCP_NODELAY on accepted connections only if the listening socket names its protocol. Without it,
        # small responses wait for the client's delayed acknowledgement (40 ms).
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited by accepted connections; also counts for a closed window
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Cannot listen on {host}:{port}: {reason}. Choose another address with HOST=… or PORT=…."
        raise AddressUnavailableError(message) from error
    listening.set_inheritable(True)
    return listening


def raise_open_file_limit(wanted: int) -> None:
    """Raise this process's limit of open files, which is often 1024, to `wanted` or as far as the system allows."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
