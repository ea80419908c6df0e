"""Follow docs/operate-accounts.md at a server in development: run its commands, and compare what they print."""

import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.deployment import Deployment
from tests.support.processes import clean_environment
from tests.support.walkthrough import comparable, run_commands, steps

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

PAGE: Final = (Path(__file__).parents[2] / "docs" / "operate-accounts.md").read_text(encoding="utf-8")


async def test_documented_day_gets_the_documented_responses(deployment: Deployment) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    documented = steps(PAGE)
    environ = clean_environment({**deployment.environ, "ENVIRONMENT": "development", "PATH": path})

    with deployment.server(ENVIRONMENT="development") as server:
        commands = [re.sub(r":8000\b", f":{server.port}", command) for command, _ in documented]
        printed = run_commands(commands, folder=deployment.folder, environ=environ)

    assert printed == [comparable(output) for _, output in documented]
    assert len(printed) >= 20
