"""Metrics of API keys."""

from typing import Final

from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY
from auth_api.kit.prometheus import counter

_CHECKS: Final = counter(
    "api_key_checks",
    "Checked API keys. malformed: not a key of this server, found without a query; revoked: or its owner is disabled.",
    ["kind", "outcome"],
)

KEY_CHECKS: Final = {
    (kind, outcome): _CHECKS.labels(name, outcome)
    for kind, name in ((PERSONAL_API_KEY, "personal"), (SERVICE_API_KEY, "service"))
    for outcome in ("accepted", "malformed", "unknown", "revoked", "expired")
}
"""Counters by kind and outcome."""
