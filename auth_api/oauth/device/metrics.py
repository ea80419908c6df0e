"""Metrics of sign-ins on devices."""

from typing import Final

from auth_api.kit.prometheus import counters

DEVICE_CODES: Final = counters(
    "oauth_device_codes",
    "Sign-ins of devices: issued, entered (a person has entered the user code), wrong (an unknown user code), and what "
    "the device was told at the end: approved, denied, expired.",
    "outcome",
    ("issued", "entered", "wrong", "approved", "denied", "expired"),
)
"""Counters by outcome."""
