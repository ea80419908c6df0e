"""The code of docs/tokens.md verifies the tokens of a running server."""

import re
import time
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest

from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.walkthrough import blocks

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

PAGE: Final = (Path(__file__).parents[2] / "docs" / "tokens.md").read_text(encoding="utf-8")


def load_code(issuer: str) -> dict[str, Any]:
    """Run the Python code of the page with this issuer, and return its names."""
    code = "\n".join(blocks(PAGE, "python"))
    names: dict[str, Any] = {}
    exec(code.replace("https://auth.example.com", issuer), names)  # noqa: S102 - the code of the page
    return names


async def test_documented_code_accepts_access_tokens_only(deployment: Deployment) -> None:
    key = deployment.command("keys", "generate", "--algorithm", "EdDSA", "--one-line").stdout.strip()
    secret = deployment.command("secrets", "generate").stdout.strip()
    variables: dict[str, Any] = {
        "JWT_ALGORITHM": "EdDSA",
        "JWT_PRIVATE_KEY": key,
        "TOKEN_DERIVATION_KEY": secret,
        "JWT_SECRET_KEY": "",
    }
    with deployment.server(**variables) as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            ada = Actor(client)
            user_id = (await ada.register()).json["id"]
        names = load_code(server.url)

        claims = names["verify"](ada.access_token)

        assert claims["sub"] == str(user_id)
        documented = set(re.findall(r"`(\w+)`", PAGE.partition("| claim |")[2].partition("\n\n")[0]))
        assert claims.keys() == documented | {"iss", "aud"}
        assert not names["has_role"](claims, "support")
        assert names["has_role"]({"roles": ["support"]}, "support")
        for token in (ada.access_token[:-4] + "AAAA", ada.refresh_token, ""):
            with pytest.raises(jwt.PyJWTError):
                names["verify"](token)


def test_documented_code_asks_for_a_missing_proof() -> None:
    challenge = load_code("https://auth.example.com")["challenge"]
    now = int(time.time())

    assert challenge({"acr": "aal2", "auth_time": now}) is None
    assert challenge({"acr": "phr", "auth_time": now}) is None
    assert challenge({"acr": "aal1", "auth_time": now}, level="aal1") is None
    expected = 'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="300"'
    for claims in ({"acr": "aal1", "auth_time": now}, {"acr": "aal2", "auth_time": now - 301}, {}):
        assert challenge(claims) == expected
