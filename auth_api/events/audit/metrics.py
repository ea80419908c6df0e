"""Metrics of the security history."""

from typing import Final

from auth_api.kit.prometheus import counter

ADMIN_ACTS: Final = counter(
    "admin_acts",
    "What administrators and service accounts did to others, by the event of the security history.",
    ["act"],
)
