"""A captive portal: a network that redirects all requests to a page of its own until the person accepts its terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

_WELCOME: Final = "/welcome"


@dataclass
class CaptivePortal:
    """What the portal was asked for.

    Attributes:
        redirected: method and path of each redirected request.
        followed: headers of the requests that followed a redirect to the page of the portal.
    """

    redirected: list[str] = field(default_factory=list)
    followed: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def captive_portal(port: int) -> Iterator[CaptivePortal]:
    """Redirect all requests to a port of 127.0.0.1, except preflights, and record them.

    Args:
        port: the port, which must be free: that of a stopped server.
    """
    portal = CaptivePortal()

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self._respond(204)

        def do_GET(self) -> None:
            self._redirect()

        def do_POST(self) -> None:
            self._redirect()

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests clean."""

        def _redirect(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == _WELCOME:
                portal.followed.append(dict(self.headers))
                self._respond(200)
            else:
                portal.redirected.append(f"{self.command} {self.path}")
                self._respond(302)

        def _respond(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Location", f"http://localhost:{port}{_WELCOME}")
            self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
            self.send_header("Access-Control-Allow-Credentials", "true")
            self.send_header("Access-Control-Allow-Headers", "authorization, content-type, token-transport")
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield portal
        finally:
            server.shutdown()
            thread.join()
