"""Metrics of calls to providers."""

from typing import Final

from auth_api.kit.prometheus import counter, histogram

CALLS: Final = counter(
    "provider_calls",
    "Calls to a provider, by endpoint and outcome: answered, refused (status 4xx), unavailable (no answer in time, "
    "status 5xx or 429, unreadable), forbidden (the address is not public), not_sent (the circuit breaker is open).",
    ["provider", "endpoint", "outcome"],
)
ENDPOINTS: Final = ("discovery", "keys", "token", "userinfo")
OUTCOMES: Final = ("answered", "refused", "unavailable", "forbidden", "not_sent")

CALL_DURATION: Final = histogram("provider_seconds", "Time that a call to a provider took.", ["provider", "endpoint"])
KEY_REFETCHES: Final = counter(
    "provider_key_refetches",
    "Fetches of the keys of a provider because none of the known keys had signed an ID token.",
    ["provider"],
)
