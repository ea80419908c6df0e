"""The commands of the guides for applications work as they are written."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.deployment import Deployment
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.engine_independent

GUIDES = sorted((Path(__file__).parents[2] / "docs").glob("sign-in-to-*.md"))


def test_guides_register_applications(deployment: Deployment) -> None:
    for guide in GUIDES:
        page = guide.read_text(encoding="utf-8")
        for command in blocks(page, "sh"):
            program, *arguments = shlex.split(command.replace("\\\n", ""))
            done = deployment.command(*arguments, PUBLIC_URL="https://auth.example.com")
            assert (program, done.returncode, done.stderr) == ("auth-api", 0, ""), guide.name
            assert re.match(r"OIDC_ISSUER=https://auth.example.com\nOIDC_CLIENT_ID=app_\w+\n", done.stdout), guide.name
    assert len(GUIDES) == 4
