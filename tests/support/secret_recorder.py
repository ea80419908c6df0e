"""Remembers every password and token that went over the wire, to look for them in the log."""

import json
import re
from typing import Any

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
    }
)
_MAILED = re.compile(r"ot_[A-Za-z0-9_-]{43}")
_SHORTEST = 8
"""Shorter texts stand in a log by chance."""

_WORD = re.compile(rf"[A-Za-z0-9_.-]{{{_SHORTEST},}}")


class SecretRecorder:
    """Hooks for an httpx client, and the question at the end."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    async def on_request(self, request: httpx.Request) -> None:
        """Remember what was sent."""
        self._remember(await request.aread())
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self._add(token.strip())

    async def on_response(self, response: httpx.Response) -> None:
        """Remember what came back."""
        self._remember(await response.aread())

    def note_mail(self, text: str) -> None:
        """Remember the tokens of a mail."""
        self._secrets.update(_MAILED.findall(text))

    def found_in(self, text: str) -> list[str]:
        """Return those that stand in the text.

        Looking for ten thousand of them one by one would take a minute. Those of a token's characters alone can only
        stand within a word, and there only where their beginning does; each different word is looked through once.
        """
        words = set(_WORD.findall(text))
        beginnings: dict[str, list[str]] = {}
        found: set[str] = set()
        for secret in self._secrets:
            if _WORD.fullmatch(secret):
                beginnings.setdefault(secret[:_SHORTEST], []).append(secret)
            elif secret in text:
                found.add(secret)
        for word in words:
            for start in range(len(word) - _SHORTEST + 1):
                for secret in beginnings.get(word[start : start + _SHORTEST], ()):
                    if word.startswith(secret, start):
                        found.add(secret)
        return sorted(found)

    def __len__(self) -> int:
        return len(self._secrets)

    def _remember(self, body: bytes) -> None:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return
        if isinstance(document, dict):
            for name, value in document.items():
                self._collect(name, value)

    def _collect(self, name: str, value: Any) -> None:
        if name in _NAMES and isinstance(value, str):
            self._add(value)

    def _add(self, secret: str) -> None:
        # What is not printable would be escaped in the log; what is short or monotonous stands there by chance.
        if len(secret) >= _SHORTEST and len(set(secret)) >= _SHORTEST and secret.isprintable() and secret.isascii():
            self._secrets.add(secret)
