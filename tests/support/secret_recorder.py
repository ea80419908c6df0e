"""Record every password and token of requests, responses and mails, to search the log for them."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import httpx

_NAMES = frozenset(
    {
        "password",
        "new_password",
        "current_password",
        "access_token",
        "refresh_token",
        "password_reset_token",
        "token",
        "mfa_token",
        "secret",
        "otpauth_uri",
        "code_verifier",
        "signup_token",
        "link_token",
        "client_secret",
        "id_token",
        "id_token_hint",
        "device_code",
        "user_code",
        "code",
    }
)
_MAILED = re.compile(r"(?:ot|inv)_[A-Za-z0-9_-]{43}")
_SHOWN = re.compile(r"\b(?:(?:bs|mfa)_[A-Za-z0-9_-]{43}|(?:[0-9a-z]{4}-){5}[0-9a-z]{4}|[A-Z2-7]{32})\b")
"""On a page and in its cookie: the tokens of a session and of a login, recovery codes, and the key of an app."""
_IN_ADDRESSES = re.compile(r"\b(?:us|bb|fc|ot|ar|oc)_[A-Za-z0-9_-]{43}")
"""What binds a sign-in to its provider, its browser and its application, and requests; in redirects and cookies."""
_MIN_LENGTH = 8
"""In characters: shorter secrets occur in a log by chance."""

_WORD = re.compile(rf"[A-Za-z0-9_.-]{{{_MIN_LENGTH},}}")


class SecretRecorder:
    """Hooks for an httpx client that record secrets, and the search for them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    async def on_request(self, request: httpx.Request) -> None:
        """Record the secrets of a request."""
        body = await request.aread()
        if request.headers.get("content-type") == "application/x-www-form-urlencoded":
            self._record(dict(parse_qsl(body.decode(errors="replace"))))
        else:
            self._record(_document(body))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self._add(token.strip())

    async def on_response(self, response: httpx.Response) -> None:
        """Record the secrets of a response."""
        body = await response.aread()
        self._secrets.update(_SHOWN.findall(response.headers.get("set-cookie", "")))
        for name in ("set-cookie", "location"):
            self._secrets.update(_IN_ADDRESSES.findall(response.headers.get(name, "")))
        if response.headers.get("content-type", "").startswith("text/html"):
            self._secrets.update(_SHOWN.findall(body.decode(errors="replace")))
        else:
            self._record(_document(body))

    def record(self, secret: str) -> None:
        """Record a secret of a conversation that the hooks do not see."""
        self._add(secret)

    def record_mail(self, text: str) -> None:
        """Record the tokens of a mail."""
        self._secrets.update(_MAILED.findall(text))

    def found_in(self, text: str) -> list[str]:
        """Return the recorded secrets that occur in the text.

        Searching for ten thousand secrets one by one would take a minute. A secret that has only the characters of a
        token occurs within a word, at a position of its first 8 characters, so each different word is searched once.
        """
        words = set(_WORD.findall(text))
        by_prefix: dict[str, list[str]] = {}
        found: set[str] = set()
        for secret in self._secrets:
            if _WORD.fullmatch(secret):
                by_prefix.setdefault(secret[:_MIN_LENGTH], []).append(secret)
            elif secret in text:
                found.add(secret)
        for word in words:
            for start in range(len(word) - _MIN_LENGTH + 1):
                for secret in by_prefix.get(word[start : start + _MIN_LENGTH], ()):
                    if word.startswith(secret, start):
                        found.add(secret)
        return sorted(found)

    def __len__(self) -> int:
        return len(self._secrets)

    def _record(self, document: Any) -> None:
        if isinstance(document, dict):
            for name, value in document.items():
                self._collect(name, value)

    def _collect(self, name: str, value: Any) -> None:
        if name == "recovery_codes" and isinstance(value, list):
            for code in value:
                self._collect("secret", code)
        elif name in _NAMES and isinstance(value, str):
            self._add(value)

    def _add(self, secret: str) -> None:
        # A secret that is not printable would be escaped in the log; a short or monotonous one may occur by chance.
        if len(secret) >= _MIN_LENGTH and len(set(secret)) >= _MIN_LENGTH and secret.isprintable() and secret.isascii():
            self._secrets.add(secret)


def _document(body: bytes) -> Any:
    """Return what a body in JSON contains; None if it is something else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
