"""The tests of the TypeScript package, which run in Node.js."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

SCHEDULES: Final = 10_000
MAX_SECONDS: Final = 1800


def test_node_tests_pass_with_ten_thousand_random_schedules(package: Path) -> None:
    environ = {**os.environ, "MODEL_SCHEDULES": str(SCHEDULES)}
    command = ["npm", "test", "--silent"]
    done = subprocess.run(
        command, cwd=package, env=environ, capture_output=True, text=True, check=False, timeout=MAX_SECONDS
    )

    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
    assert re.search(r"^# skipped 0$", done.stdout, re.MULTILINE), done.stdout[-1_000:]
    for mode in ("token", "cookie"):
        said = rf"^# {SCHEDULES // 2} schedules in {mode} mode$"
        assert re.search(said, done.stdout, re.MULTILINE), done.stdout[-1_000:]
