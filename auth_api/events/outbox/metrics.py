"""Metrics of mail."""

from typing import Final

from auth_api.kit.prometheus import counters, latest_gauge

MAILS: Final = counters(
    "mails",
    "Mails by outcome. put_off: will be retried; given_up: will not be sent; dropped: not needed.",
    "outcome",
    ("sent", "put_off", "given_up", "dropped"),
)
WAITING: Final = latest_gauge("mails_waiting", "Mails that are neither sent nor given up, as last counted.")
