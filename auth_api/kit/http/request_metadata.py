"""Build the request context from the headers of a request."""

import re
from collections.abc import Mapping
from typing import Final

from auth_api.kit.language_tags import LANGUAGE_TAG, MAX_TAGS_LENGTH
from auth_api.kit.printable import without_unprintable
from auth_api.kit.request_context import RequestContext

MAX_USER_AGENT_CHARACTERS: Final = 512
MAX_LANGUAGE_RANGES: Final = 20

_LANGUAGE: Final = re.compile(
    rf"\s*({LANGUAGE_TAG.pattern})\s*(?:;\s*q\s*=\s*(0(?:\.[0-9]{{0,3}})?|1(?:\.0{{0,3}})?)\s*)?", re.ASCII
)
"""A language tag (BCP 47) of Accept-Language with its weight (RFC 9110 §12.5.4)."""


def read_request_context(
    headers: Mapping[bytes, bytes],
    client_ip: str | None,
    request_id: str,
    *,
    actor: str | None = None,
    key_id: int | None = None,
) -> RequestContext:
    """Return the request context. The user agent has only printable characters.

    A long user agent is cut; of many languages, the most preferred ones are kept.
    """
    return RequestContext(
        client_ip=client_ip,
        user_agent=_user_agent(headers),
        request_id=request_id,
        language=accepted_languages(headers),
        actor=actor,
        key_id=key_id,
    )


def _user_agent(headers: Mapping[bytes, bytes]) -> str | None:
    value = headers.get(b"user-agent", b"").decode("utf-8", errors="replace")
    return without_unprintable(value)[:MAX_USER_AGENT_CHARACTERS] or None


def accepted_languages(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the accepted languages in order of preference, separated by commas, as many as fit."""
    ranges = (
        headers.get(b"accept-language", b"").decode("latin-1").split(",", MAX_LANGUAGE_RANGES)[:MAX_LANGUAGE_RANGES]
    )
    found = [match for text in ranges if (match := _LANGUAGE.fullmatch(text)) and float(match[2] or 1) > 0]
    kept = ""
    for match in sorted(found, key=lambda match: -float(match[2] or 1)):
        longer = f"{kept},{match[1]}" if kept else match[1]
        if len(longer) <= MAX_TAGS_LENGTH:
            kept = longer
    return kept or None
