"""What is counted of mail."""

from typing import Final

from auth_api.kit.prometheus import counters, latest_gauge

MAILS: Final = counters(
    "mails",
    "Mails by outcome. put_off: the mail server did not take it now; given_up: never; dropped: nobody was to get it.",
    "outcome",
    ("sent", "put_off", "given_up", "dropped"),
)
"""By outcome."""

WAITING: Final = latest_gauge("mails_waiting", "Mails that were neither sent nor given up, when somebody last looked.")
