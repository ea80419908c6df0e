"""Writes down what a fault test measured, for the matrix in docs/reliability.md."""

import json
import os
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "TORTURE_RESULTS"
"""Names the file that each measurement is appended to; without it nothing is written."""


def record(row: str, **measured: Any) -> None:
    """Append one line of JSON for a row of the matrix."""
    if (path := os.environ.get(VARIABLE)) is None:
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"row": row, **measured}) + "\n")
