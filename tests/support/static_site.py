"""A web server for a few texts, as the origin of pages that call the API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@contextmanager
def static_site(files: Mapping[str, str]) -> Iterator[str]:
    """Serve texts by path on a free port, and return the origin. Paths may end in `.js` or `.css`; others are pages."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = files.get(self.path)
            self.send_response(404 if text is None else 200)
            ending = self.path.rpartition(".")[2]
            kind = {"js": "text/javascript", "css": "text/css"}.get(ending, "text/html")
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        thread = Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{site.server_port}"
        finally:
            site.shutdown()
            thread.join()
