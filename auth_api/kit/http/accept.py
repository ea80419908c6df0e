"""Choose between JSON and HTML by the header `Accept` (RFC 9110 §12.5.1)."""

import re
from collections.abc import Iterator
from typing import Final

MAX_ACCEPT_CHARACTERS: Final = 512
"""Part of the header that is read: browsers send about 130 characters."""

_HTML: Final = frozenset({"text/html", "text/*"})
_JSON: Final = frozenset({"application/json", "application/problem+json", "application/*", "*/*"})
_WEIGHT: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def prefers_html(accept: str) -> bool:
    """Return whether a client prefers HTML, as browsers do. Of equal weights the first counts; the default is JSON."""
    html = json = (0.0, 0)
    for order, (media_range, weight) in enumerate(_ranges(accept[:MAX_ACCEPT_CHARACTERS].lower())):
        if media_range in _HTML:
            html = max(html, (weight, -order))
        elif media_range in _JSON:
            json = max(json, (weight, -order))
    return html[0] > 0 and html > json


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the media ranges with their weights; a range with an invalid weight is not acceptable."""
    for part in accept.split(","):
        media_range, *parameters = part.split(";")
        weights = [parameter.strip() for parameter in parameters if parameter.strip().startswith("q=")]
        match = _WEIGHT.fullmatch(weights[0]) if weights else None
        yield media_range.strip(), float(match[1]) if match else 0.0 if weights else 1.0
