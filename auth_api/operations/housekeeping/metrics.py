"""What is counted of housekeeping."""

from typing import Final

from auth_api.kit.prometheus import latest_gauge

BACKLOG: Final = latest_gauge(
    "housekeeping_backlog", "Rows that are over and still there after the last round; 10000 stands for more.", ["kind"]
)
