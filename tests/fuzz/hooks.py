"""What Schemathesis, which imports this in an environment of its own, has to know about people here."""

import itertools
import json
import os
import urllib.request
import zlib
from typing import Any
from urllib.error import HTTPError

import schemathesis

URL = os.environ["FUZZ_URL"]
"""The server."""

PASSWORD = "Correct-Horse-7-Staple"
LONGEST_PASSWORD = 1024


def ask(method: str, path: str, *, token: str = "", body: Any = None) -> Any:
    """Return an answer's document."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=content, headers=headers, method=method)  # noqa: S310 - http
    with urllib.request.urlopen(request) as response:  # noqa: S310 - http
        return json.load(response)


if os.environ.get("FUZZ_AS") == "somebody":

    @schemathesis.auth(refresh_interval=None)
    class SomebodyLoggedIn:
        """Sends the token of somebody who is logged in: of somebody new when a request has ended that."""

        def __init__(self) -> None:
            self._numbers = itertools.count()
            self._token = ""

        def get(self, _case: Any, _context: Any) -> str:
            """Return a token that works."""
            try:
                ask("GET", "/api/user/profile", token=self._token)
            except HTTPError:
                name = f"somebody{next(self._numbers)}.{os.getpid()}"
                person = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
                self._token = ask("POST", "/api/auth/register", body=person)["access_token"]
            return self._token

        def set(self, case: Any, token: str, _context: Any) -> None:
            """Add the token to a request."""
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}

    @schemathesis.hook  # type: ignore[untyped-decorator]  # of another environment
    def map_body(_context: Any, body: Any) -> Any:
        """Give every second body the right password, which no generator finds: what is behind it is tested, too."""
        sent = body.get("current_password") if isinstance(body, dict) else None
        if isinstance(sent, str) and len(sent) <= LONGEST_PASSWORD and zlib.crc32(repr(body).encode()) % 2:
            return {**body, "current_password": PASSWORD}
        return body
