"""Which form of a document a client would rather have (RFC 9110 §12.5.1)."""

import re
from typing import Final

_RANGE: Final = re.compile(r"\s*([\w!#$%&'*+.^`|~-]+)/([\w!#$%&'*+.^`|~-]+)\s*((?:;[^;]*)*)")
_WEIGHT: Final = re.compile(r";\s*[qQ]=([01](?:\.\d{0,3})?)\s*(?:;|\Z)")


def quality(accept: str, media_type: str) -> float:
    """Return how much a client wants a media type, from 0 (not at all) to 1.

    The range that names the type most exactly decides. What is no range is passed over; where none is left, anything
    will do. Parameters but the weight are not looked at: no type here has any that matter.

    Args:
        accept: the value of `Accept`; empty if there is none.
        media_type: what could be sent.
    """
    main_type, _, subtype = media_type.partition("/")
    exactness = {(main_type, subtype): 3, (main_type, "*"): 2, ("*", "*"): 1}
    ranges = [found for part in accept.split(",") if (found := _RANGE.fullmatch(part))]
    named = [
        (exactness[kind], _weight(found[3]))
        for found in ranges
        if (kind := (found[1].lower(), found[2].lower())) in exactness
    ]
    if not ranges:
        return 1.0
    return max(named, default=(0, 0.0))[1]


def _weight(parameters: str) -> float:
    found = _WEIGHT.search(parameters)
    return min(1.0, float(found[1])) if found else 1.0
