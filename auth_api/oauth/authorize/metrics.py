"""What authorization requests lead to."""

from typing import Final

from prometheus_client import Counter

CODE: Final = "code"

AUTHORIZATIONS: Final = Counter(
    "auth_api_oauth_authorizations_total",
    "Answers to authorization requests, by outcome: `code`, or the error that the application got.",
    ["outcome"],
)
