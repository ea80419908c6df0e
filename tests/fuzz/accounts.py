"""New users, and the tokens that a development server mails to them. Uses only the standard library."""

import itertools
import json
import re
import time
import urllib.request
import uuid
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError

PASSWORD: Final = "Correct-Horse-7-Staple"
MAIL_TIMEOUT_SECONDS: Final = 10


class User(NamedTuple):
    """A user whose password is `PASSWORD`."""

    email: str
    access_token: str
    refresh_token: str


class Api:
    """The API of a development server.

    Args:
        url: base URL of the server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._prefix = uuid.uuid4().hex[:12]
        self._numbers = itertools.count()

    def call(self, method: str, path: str, *, bearer: str = "", **body: str) -> Any:
        """Send a request and return the JSON document of the response.

        Raises:
            HTTPError: the response is an error.
        """
        return json.loads(self._read(method, path, token=bearer, body=body or None))

    def register(self) -> User:
        """Register a user."""
        name = f"{self._prefix}.{next(self._numbers)}"
        email = f"{name}@example.com"
        response = self.call("POST", "/api/auth/register", email=email, username=name, password=PASSWORD)
        return User(email, response["access_token"], response["refresh_token"])

    def accepts(self, token: str) -> bool:
        """Return whether an access token is accepted."""
        try:
            self.call("GET", "/api/user/profile", bearer=token)
        except HTTPError:
            return False
        return True

    def mailed_token(self, path: str) -> str:
        """Return the token of a mail to a new user, which the operation at this path accepts."""
        user = self.register()
        match path.removeprefix("/api/auth/"):
            case "email/verify":
                return self._received(user.email, "verify-email")
            case "password/reset":
                self.call("POST", "/api/auth/password/forgot", email=user.email)
                return self._received(user.email, "reset-password")
            case "email/confirm-change":
                return self._change_email(user)
            case "email/undo-change":
                self.verify(user)
                self.call("POST", "/api/auth/email/confirm-change", token=self._change_email(user))
                return self._received(user.email, "undo-email")
            case "sessions/report":
                self.verify(user)
                passwords = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
                self.call("POST", "/api/user/password", bearer=user.access_token, **passwords)
                return self._received(user.email, "report")
        raise ValueError(path)

    def verify(self, user: User) -> None:
        """Verify the e-mail address of a user."""
        token = self._received(user.email, "verify-email")
        self.call("POST", "/api/auth/email/verify", bearer=user.access_token, token=token)

    def _change_email(self, user: User) -> str:
        new_email = f"new-{user.email}"
        self.call("POST", "/api/user/email", bearer=user.access_token, new_email=new_email, current_password=PASSWORD)
        return self._received(new_email, "confirm-email")

    def _received(self, email: str, page: str) -> str:
        """Wait for a mail that links to a page, and return the token of the link."""
        deadline = time.monotonic() + MAIL_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            for mail in self._read("GET", "/dev/mailbox").split("<details ")[1:]:
                found = re.search(rf"/account/{page}#token=(ot_[A-Za-z0-9_-]{{43}})", mail)
                if found and f'recipient">{email}<' in mail:
                    return found[1]
            time.sleep(0.05)
        message = f"No mail with a link to {page} arrived at {email}."
        raise TimeoutError(message)

    def _read(self, method: str, path: str, *, token: str = "", body: Any = None) -> str:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=content, headers=headers, method=method)  # noqa: S310 - http
        with urllib.request.urlopen(request) as response:  # noqa: S310 - http
            text: str = response.read().decode()
        return text
