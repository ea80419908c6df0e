"""What is counted of registering."""

from typing import Final

from auth_api.kit.prometheus import counters

REGISTRATIONS: Final = counters(
    "registrations",
    "Registrations by outcome. duplicate: the address or the username was taken; waiting: for a proof of the mailbox.",
    "outcome",
    ("succeeded", "duplicate", "waiting"),
)
"""By outcome."""
