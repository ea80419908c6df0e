"""Answers of providers: nothing in them is used before it is checked."""

from typing import Any, Final

import msgspec

MAX_TEXT_CHARACTERS: Final = 254


class AnswerRefusedError(Exception):
    """An answer breaks a rule. The reason is for the log, and contains no text of the provider."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def json_object(document: Any, reason: str) -> dict[str, Any]:
    """Return a JSON object, also if it is still encoded.

    Raises:
        AnswerRefusedError: it is something else; with the given reason.
    """
    if isinstance(document, bytes):
        try:
            document = msgspec.json.decode(document)
        except (ValueError, RecursionError) as error:  # RecursionError: deeply nested
            raise AnswerRefusedError(reason=reason) from error
    if not isinstance(document, dict):
        raise AnswerRefusedError(reason=reason)
    return document


def text_or_none(value: Any) -> str | None:
    """Return a text of a provider that can be stored and shown; None for anything else."""
    is_text = isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS and value.isprintable()
    return value if is_text else None
