"""A newcomer may follow the banner, Swagger UI and the README, one after the other, on the same database."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]


def test_first_steps_register_different_users() -> None:
    documented = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    openapi = json.loads((REPOSITORY / "tests/contract/openapi.json").read_text(encoding="utf-8"))
    operation = openapi["paths"]["/api/auth/register"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"].values()

    bodies = [json.loads(body) for body in re.findall(r'-d \'(\{"email".*?\})\'', documented)]
    bodies += [example["value"] for example in examples]

    assert len(bodies) == 3
    for field in ("email", "username"):
        assert len({body[field] for body in bodies}) == 3
