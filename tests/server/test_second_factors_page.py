"""Follow docs/second-factors.md at a server in development: run its commands, and compare what they print."""

import os
import re
import stat
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.console_sessions import comparable, run_commands, steps
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

PAGE: Final = (Path(__file__).parents[2] / "docs" / "second-factors.md").read_text(encoding="utf-8")

APP: Final = """import base64, os, sqlite3, sys, time
from auth_api.kit.crypto.totp import STEP_SECONDS, totp_code
database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
database.execute("UPDATE totp_factors SET last_step = 0")
database.commit()
print(totp_code(base64.b32decode(sys.argv[-1]), int(time.time()) // STEP_SECONDS))
"""
"""Takes the place of oathtool, and lets the server forget the last code, so that no command waits for the next one."""

AGE_SESSIONS: Final = """import os, sqlite3
database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
database.execute("UPDATE sessions SET auth_time = '2026-01-01 00:00:00+00:00', mfa_at = '2026-01-01 00:00:00+00:00'")
database.commit()
"""
"""Takes the place of a pause in which the last proof of identity gets too old."""


def install(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def with_pause(commands: list[str]) -> list[str]:
    """Insert a pause before the first request of recovery codes, which the page shows as refused."""
    first = next(number for number, command in enumerate(commands) if "/api/user/recovery-codes" in command)
    return [*commands[:first], f"age-sessions\n{commands[first]}", *commands[first + 1 :]]


async def test_documented_conversation_gets_the_documented_responses(deployment: Deployment, tmp_path: Path) -> None:
    install(tmp_path, "oathtool", APP)
    install(tmp_path, "age-sessions", AGE_SESSIONS)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    documented = steps(PAGE)
    commands = with_pause([command for command, _ in documented])
    environ = {**deployment.environ, "ENVIRONMENT": "development"}

    with deployment.server(ENVIRONMENT="development") as server:
        commands = [re.sub(r":8000\b", f":{server.port}", command) for command in commands]
        printed = run_commands(commands, folder=deployment.folder, environ=clean_environment({**environ, "PATH": path}))

    assert printed == [comparable(output) for _, output in documented]
    assert len(printed) > 20
