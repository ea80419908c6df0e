"""Answers of `POST /api/access/check`, kept for a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from auth_api_sdk.errors import TokenRejected, Unavailable
from auth_api_sdk.principal import Principal
from auth_api_sdk.verification.claims import (
    EXPIRED,
    INVALID,
    MAX_TOKEN_CHARACTERS,
    REVOKED,
    decoded_part,
    principal_of,
)

KEPT_SECONDS: Final = 5.0
MAX_KEPT: Final = 4096
API_KEY_PREFIXES: Final = ("auth_pat_", "auth_svc_")

Answer = Mapping[str, Any]
Question = tuple[str, tuple[str, ...]]


class CheckedTokens:
    """Asks about each token once at a time, and keeps positive answers for 5 s.

    Args:
        ask: sends the question.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(self, ask: Callable[[str, Sequence[str]], Awaitable[Answer]], monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._kept: dict[Question, tuple[float, Answer]] = {}
        self._asking: dict[Question, asyncio.Task[Answer]] = {}

    def kept(self, token: str, permissions: tuple[str, ...]) -> Answer | None:
        """Return the answer if it is known."""
        until, answer = self._kept.get((token, permissions), (0.0, None))
        return answer if self._monotonic() < until else None

    async def answer(self, token: str, permissions: tuple[str, ...]) -> Answer:
        """Return the answer, which is not older than 5 s if it is positive.

        Raises:
            Unavailable: auth_api has not answered.
        """
        if (known := self.kept(token, permissions)) is not None:
            return known
        question = (token, permissions)
        if (task := self._asking.get(question)) is None:
            task = asyncio.ensure_future(self._ask_once(question))
            self._asking[question] = task
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        return await asyncio.shield(task)

    async def _ask_once(self, question: Question) -> Answer:
        answer = await self._ask(*question)
        if answer["active"]:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[question] = (self._monotonic() + KEPT_SECONDS, answer)
        return answer


def unverified_principal(token: str, now: float) -> Principal | None:
    """Return the holder that the token of a session describes; None for an API key. Trust it only after auth_api did.

    Raises:
        TokenRejected: it has expired, or is neither the access token of a session nor an API key.
    """
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise TokenRejected(INVALID)
    if token.startswith(API_KEY_PREFIXES):
        return None
    if token.count(".") != 2:  # noqa: PLR2004 - three parts
        raise TokenRejected(INVALID)
    principal = principal_of(decoded_part(token.split(".")[1]))
    if principal.kind != "session" or principal.expires_at is None:
        raise TokenRejected(INVALID)
    if principal.expires_at <= now:
        raise TokenRejected(EXPIRED)
    return principal


def checked_principal(token: str, answer: Answer, now: float) -> Principal:
    """Return the holder of a token that auth_api was asked about.

    Raises:
        TokenRejected: it is not active.
        Unavailable: the answer is malformed.
    """
    described = unverified_principal(token, now)
    if not answer["active"]:
        raise TokenRejected(REVOKED)
    if described is not None:
        return described
    try:
        ends = answer["expires_at"]
        expires_at = None if ends is None else int(datetime.fromisoformat(ends).timestamp())
        return Principal(subject=str(answer["subject"]["id"]), kind="key", expires_at=expires_at, claims=dict(answer))
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable("HTTP_ERROR", 200, "The response is not that of auth_api.", retry_after=1) from error
