"""Metrics of registration."""

from typing import Final

from auth_api.kit.prometheus import counters

REGISTRATIONS: Final = counters(
    "registrations",
    "Registrations by outcome. duplicate: the e-mail address or username was taken; waiting: for the mailed link.",
    "outcome",
    ("succeeded", "duplicate", "waiting"),
)
