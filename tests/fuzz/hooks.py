"""Hooks for Schemathesis, which imports this module in an environment of its own: authentication and passwords."""

import itertools
import json
import os
import urllib.request
import zlib
from typing import Any
from urllib.error import HTTPError

import schemathesis

URL = os.environ["FUZZ_URL"]
"""Base URL of the server."""

PASSWORD = "Correct-Horse-7-Staple"
MAX_PASSWORD_LENGTH = 1024


def call(method: str, path: str, *, token: str = "", body: Any = None) -> Any:
    """Send a request and return the JSON document of the response."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=content, headers=headers, method=method)  # noqa: S310 - http
    with urllib.request.urlopen(request) as response:  # noqa: S310 - http
        return json.load(response)


if os.environ.get("FUZZ_AS") == "user":

    @schemathesis.auth(refresh_interval=None)
    class LoggedInUser:
        """Add a user's access token to requests; register a new user when a request has ended the session."""

        def __init__(self) -> None:
            self._numbers = itertools.count()
            self._token = ""

        def get(self, _case: Any, _context: Any) -> str:
            """Return a valid access token."""
            try:
                call("GET", "/api/user/profile", token=self._token)
            except HTTPError:
                name = f"user{next(self._numbers)}.{os.getpid()}"
                person = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
                self._token = call("POST", "/api/auth/register", body=person)["access_token"]
            return self._token

        def set(self, case: Any, token: str, _context: Any) -> None:
            """Set the Authorization header of a request."""
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}

    @schemathesis.hook  # type: ignore[untyped-decorator]  # installed in another environment
    def map_body(_context: Any, body: Any) -> Any:
        """Put the correct password into every second body, so that the code behind the password check is tested too."""
        sent = body.get("current_password") if isinstance(body, dict) else None
        if isinstance(sent, str) and len(sent) <= MAX_PASSWORD_LENGTH and zlib.crc32(repr(body).encode()) % 2:
            return {**body, "current_password": PASSWORD}
        return body
