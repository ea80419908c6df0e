"""What is counted of registering."""

from typing import Final

from auth_api.kit.metrics import counters

REGISTRATIONS: Final = counters(
    "registrations",
    "Registrations by outcome. duplicate: the address or the username was taken.",
    "outcome",
    ("succeeded", "duplicate"),
)
"""By outcome."""
