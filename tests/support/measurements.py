"""Record what a fault test measured, for the matrix in docs/reliability.md."""

import json
import os
from pathlib import Path
from typing import Any, Final

RESULTS_FILE_VARIABLE: Final = "TORTURE_RESULTS"
"""Environment variable with the file to append to; if it is not set, nothing is recorded."""


def record(row: str, **measured: Any) -> None:
    """Append a JSON line for a row of the matrix."""
    if (path := os.environ.get(RESULTS_FILE_VARIABLE)) is None:
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"row": row, **measured}) + "\n")
