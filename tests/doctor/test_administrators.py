"""`doctor` says whether the server has an administrator, and whether the built-in roles are those of the code."""

import json
from typing import Any

from tests.support.deployment import Deployment

ADD_USER = (
    "INSERT INTO users (id, username, email, hashed_password, is_active, created_at, updated_at) "
    "VALUES (7, 'ada', 'ada@example.com', '!', true, '2026-01-01', '2026-01-01')"
)


def findings(deployment: Deployment) -> list[tuple[Any, ...]]:
    done = deployment.command("doctor", "--json")
    checks = {"database.administrators", "database.roles"}
    return [(each["check"], each["verdict"]) for each in json.loads(done.stdout) if each["check"] in checks]


async def test_missing_administrator_and_changed_roles_are_reported(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(ADD_USER)

    before = findings(deployment)
    granted = deployment.command("roles", "grant", "ada", "administrator")
    after = findings(deployment)
    await deployment.execute("UPDATE users SET is_active = false")
    await deployment.execute("UPDATE roles SET permissions = 'users:read users:write' WHERE name = 'support'")

    assert (granted.returncode, granted.stdout, granted.stderr) == (0, "granted\n", "")
    assert (before, after) == ([("database.administrators", "note")], [])
    assert findings(deployment) == [("database.roles", "fail"), ("database.administrators", "note")]
