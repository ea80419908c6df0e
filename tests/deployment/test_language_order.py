"""Searches by prefix in a database that sorts by the rules of a language (ICU), as hosted PostgreSQL often does."""

import json
from pathlib import Path

import pytest

from tests.deployment.test_postgres import installations
from tests.support.database_schema import execute
from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.deployment

CREATE = (
    "CREATE DATABASE auth TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'"
)
NAMES = ("ab_c", "ab.c", "ab-c", "ab", "abc", "a_b", "a-b", "b.a", "abz", "ab1")


async def test_prefix_finds_all_users_in_the_order_of_bytes(tmp_path: Path) -> None:
    """With `>=` and `<`, the range of a language finds none of them."""
    with_icu = [folder for folder in installations() if not folder.name.startswith("14")]
    if not with_icu:
        pytest.skip("PostgreSQL 15 or newer is not installed (Debian: apt-get install postgresql)")
    with PostgresServer(installation=with_icu[-1]) as postgres:
        await execute(postgres.url(), CREATE)
        deployment = Deployment(tmp_path, postgres.url("auth"))
        deployment.command("migrate").check_returncode()
        for name in NAMES:
            await execute(
                deployment.database_url,
                "INSERT INTO users (username, email, hashed_password, is_active, created_at, updated_at) "  # noqa: S608 - constants
                f"VALUES ('{name}', '{name}@example.com', '!', true, now(), now())",
            )
        found = {
            prefix: [
                user["username"]
                for user in json.loads(deployment.command("users", "list", "--json", "--prefix", prefix).stdout)
            ]
            for prefix in ("ab", "a_", "ab_", "ab.c@")
        }

    assert found == {
        "ab": sorted(name for name in NAMES if name.startswith("ab")),
        "a_": ["a_b"],
        "ab_": ["ab_c"],
        "ab.c@": ["ab.c"],
    }
