"""Choose between JSON and HTML by the header `Accept` (RFC 9110 §12.5.1)."""

import re
from collections.abc import Iterator
from typing import Final

MAX_ACCEPT_CHARACTERS: Final = 512
"""Part of the header that is read: browsers send about 130 characters."""

_HTML: Final = frozenset({"text/html", "text/*"})
_JSON: Final = frozenset({"application/json", "application/problem+json", "application/*"})
_ANY: Final = frozenset({"*/*"})
_WEIGHT: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def prefers_html(accept: str) -> bool:
    """Return whether a client prefers HTML, as browsers do. Of equal weights the first counts; the default is JSON."""
    return _prefers(accept, _HTML, _JSON | _ANY)


def prefers_json(accept: str) -> bool:
    """Return whether a client prefers JSON. Of equal weights the first counts; the default is HTML."""
    return _prefers(accept, _JSON, _HTML | _ANY)


def _prefers(accept: str, wanted: frozenset[str], other: frozenset[str]) -> bool:
    best_wanted = best_other = (0.0, 0)
    for order, (media_range, weight) in enumerate(_ranges(accept[:MAX_ACCEPT_CHARACTERS].lower())):
        if media_range in wanted:
            best_wanted = max(best_wanted, (weight, -order))
        elif media_range in other:
            best_other = max(best_other, (weight, -order))
    return best_wanted[0] > 0 and best_wanted > best_other


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the media ranges with their weights; a range with an invalid weight is not acceptable."""
    for part in accept.split(","):
        media_range, *parameters = part.split(";")
        weights = [parameter.strip() for parameter in parameters if parameter.strip().startswith("q=")]
        match = _WEIGHT.fullmatch(weights[0]) if weights else None
        yield media_range.strip(), float(match[1]) if match else 0.0 if weights else 1.0
