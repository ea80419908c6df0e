"""Metrics of invitations."""

from typing import Final

from auth_api.kit.prometheus import counters

INVITATIONS: Final = counters(
    "invitations",
    "Invitations by what happened to them. void: the inviter or a role had lost what the invitation gives.",
    "outcome",
    ("created", "resent", "revoked", "accepted", "void"),
)
