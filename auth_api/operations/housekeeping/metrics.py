"""Metrics of housekeeping."""

from typing import Final

from auth_api.kit.prometheus import latest_gauge

BACKLOG: Final = latest_gauge(
    "housekeeping_backlog",
    "Expired rows that were left after the last clean-up; 10000 stands for 10000 or more.",
    ["kind"],
)

ADMINISTRATORS: Final = latest_gauge(
    "administrators", "Active users with the role administrator, at the last clean-up."
)
