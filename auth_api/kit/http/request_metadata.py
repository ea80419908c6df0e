"""Build the request context from the headers of a request."""

import re
from collections.abc import Mapping
from typing import Final

from auth_api.kit.printable import without_unprintable
from auth_api.kit.request_context import RequestContext

MAX_USER_AGENT_CHARACTERS: Final = 512
MAX_LANGUAGE_TAG_CHARACTERS: Final = 35
"""RFC 5646 §4.4.1."""

_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:[;,]|\Z)")
"""The first language tag (BCP 47) of Accept-Language (RFC 9110 §12.5.4), which clients list in order of preference."""


def read_request_context(headers: Mapping[bytes, bytes], client_ip: str | None, request_id: str) -> RequestContext:
    """Return the request context. The user agent has only printable characters.

    A longer user agent is cut, a longer language tag is left out.
    """
    return RequestContext(
        client_ip=client_ip, user_agent=_user_agent(headers), request_id=request_id, language=_language(headers)
    )


def _user_agent(headers: Mapping[bytes, bytes]) -> str | None:
    value = headers.get(b"user-agent", b"").decode("utf-8", errors="replace")
    return without_unprintable(value)[:MAX_USER_AGENT_CHARACTERS] or None


def _language(headers: Mapping[bytes, bytes]) -> str | None:
    match = _LANGUAGE.match(headers.get(b"accept-language", b"").decode("latin-1"))
    return match[1] if match and len(match[1]) <= MAX_LANGUAGE_TAG_CHARACTERS else None
