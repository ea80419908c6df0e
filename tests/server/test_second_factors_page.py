"""Follow docs/second-factors.md at a server in development: run its commands, and compare what they print."""

import os
import re
import stat
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.deployment import Deployment
from tests.support.processes import clean_environment
from tests.support.walkthrough import blocks, comparable, run_commands, steps

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


def split_page() -> tuple[str, str]:
    """Return the conversation with a default server, and the one with a server that requires second factors."""
    before, heading, rest = PAGE.partition("### If the server requires second factors\n")
    required, _, after = rest.partition("\n## ")
    (function,) = [text for text in blocks(before, "sh") if text.startswith("field()")]
    return before + after, f"```sh\n{function}```\n{heading}{required}"


def with_pause(commands: list[str]) -> list[str]:
    """Insert a pause before the first request of recovery codes, which the page shows as refused."""
    first = next((number for number, command in enumerate(commands) if "/api/user/recovery-codes" in command), 0)
    return [*commands[:first], f"age-sessions\n{commands[first]}", *commands[first + 1 :]]


DEFAULT, REQUIRED = split_page()


@pytest.mark.parametrize(
    ("page", "variables"),
    [(DEFAULT, {}), (REQUIRED, {"MFA_POLICY": "required"})],
    ids=["default", "required"],
)
async def test_documented_conversation_gets_the_documented_responses(
    deployment: Deployment, tmp_path: Path, page: str, variables: dict[str, Any]
) -> None:
    install(tmp_path, "oathtool", APP)
    install(tmp_path, "age-sessions", AGE_SESSIONS)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    documented = steps(page)
    commands = with_pause([command for command, _ in documented])
    variables = {**variables, "ENVIRONMENT": "development"}
    environ = clean_environment({**deployment.environ, **variables, "PATH": path})

    with deployment.server(**variables) as server:
        commands = [re.sub(r":8000\b", f":{server.port}", command) for command in commands]
        printed = run_commands(commands, folder=deployment.folder, environ=environ)

    assert printed == [comparable(output) for _, output in documented]
    assert len(printed) >= 10
