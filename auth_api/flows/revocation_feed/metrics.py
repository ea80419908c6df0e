"""Metrics of the revocation feed."""

from itertools import product
from typing import Final

from auth_api.kit.prometheus import counter

_RESPONSES: Final = counter(
    "revocation_feed",
    "Responses with revocations. full: without `since`; truncated: there were more entries than fit.",
    ["kind", "truncated"],
)

RESPONSES: Final = {
    (kind, is_truncated): _RESPONSES.labels(kind, str(is_truncated).lower())
    for kind, is_truncated in product(("full", "since"), (False, True))
}
"""Counters by kind, and by whether the response is truncated."""
