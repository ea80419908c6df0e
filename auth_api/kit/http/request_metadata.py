"""Read from the headers of a request what audit rows, sessions and mails keep of it."""

import re
from collections.abc import Mapping
from typing import Final

from auth_api.kit.request_context import RequestContext

MAX_USER_AGENT_LENGTH: Final = 512
MAX_LANGUAGE_LENGTH: Final = 35
"""RFC 5646 §4.4.1."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:[;,]|\Z)")
"""The first tag of Accept-Language (RFC 9110 §12.5.4) in the form of BCP 47; clients list the one they want first."""


def read_request_context(headers: Mapping[bytes, bytes], address: str | None, request_id: str) -> RequestContext:
    """Return the request context; what a header says too long is cut or left out."""
    return RequestContext(
        ip_address=address, user_agent=_user_agent(headers), request_id=request_id, language=_language(headers)
    )


def _user_agent(headers: Mapping[bytes, bytes]) -> str | None:
    given = headers.get(b"user-agent", b"").decode("utf-8", errors="replace")
    return _CONTROL.sub("", given)[:MAX_USER_AGENT_LENGTH] or None


def _language(headers: Mapping[bytes, bytes]) -> str | None:
    tag = _LANGUAGE.match(headers.get(b"accept-language", b"").decode("latin-1"))
    return tag[1] if tag and len(tag[1]) <= MAX_LANGUAGE_LENGTH else None
