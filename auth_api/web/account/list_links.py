"""Links to the parts of a list."""

from typing import Final
from urllib.parse import urlencode

from auth_api.web.frame.visit import Visit

_KEPT: Final = ("limit", "lang")


def link_to_next(visit: Visit, cursor: str | None) -> str | None:
    """Return the address of the next part of a list; None for the last part.

    Args:
        visit: the request, whose parameters are kept.
        cursor: of the next part; None if there is none.
    """
    if cursor is None:
        return None
    kept = {name: visit.query[name] for name in _KEPT if name in visit.query}
    return f"?{urlencode({**kept, 'cursor': cursor})}"
