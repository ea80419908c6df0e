"""`auth-api api-keys` and `auth-api service-accounts`."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.kit.crypto.api_keys import API_KEY_PATTERN, has_valid_checksum
from tests.cli.conftest import Command
from tests.support.actors import PASSWORD

pytestmark = pytest.mark.slow


def test_keys_of_users_and_programs_are_created_listed_and_revoked(auth_api: Command) -> None:
    def run(*arguments: str, status: int = 0) -> Any:
        done = auth_api(*arguments, "--json")
        assert (done.returncode, bool(done.stderr)) == (status, bool(status)), done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    auth_api("users", "create", "ada@example.com", "ada", "--password-stdin", stdin=f"{PASSWORD}\n")
    account = run("service-accounts", "create", "billing", "--description", "Reads plans.")
    assert "BUILT" not in run("service-accounts", "create", "billing", status=1)
    run("service-accounts", "create", "Billing", status=1)
    owners = (("--user", "ada"), ("--service-account", "billing"))
    for owner, prefix in zip(owners, ("auth_pat_", "auth_svc_"), strict=True):
        created = run("api-keys", "create", "Server", *owner, "--scope", "users:read", "--days", "30")
        secret = created.pop("secret")
        assert secret.startswith(prefix)
        assert has_valid_checksum(secret)
        assert (created["created_by"], created["scopes"], created["status"]) == ("cli", ["users:read"], "active")
        assert run("api-keys", "list", *owner) == [created]
        run("api-keys", "revoke", str(created["id"]), *owner)
        assert [key["status"] for key in run("api-keys", "list", *owner)] == ["revoked"]
        run("api-keys", "revoke", "99", *owner, status=1)
        run("api-keys", "create", "Server", *owner, "--scope", "nothing:such", status=1)
    run("api-keys", "create", "Server", "--user", "ada", "--scope", "users:read", "--days", "367", status=1)
    endless = auth_api(
        "api-keys", "create", "Server", "--service-account", "billing", "--scope", "users:read", "--never-expires"
    )
    assert re.search(rf"^{API_KEY_PATTERN}$", endless.stdout, re.MULTILINE)
    run("service-accounts", "disable", "billing")
    (listed,) = run("service-accounts", "list")
    assert listed == {
        **account,
        "is_active": False,
        "scopes": ["users:read"],
        "updated_at": listed["updated_at"],
    }
    run("service-accounts", "enable", "billing")
    run("service-accounts", "delete", "billing", status=2)
    run("service-accounts", "delete", "billing", "--yes")
    assert run("service-accounts", "list") == []
    run("api-keys", "list", "--service-account", "billing", status=1)


@pytest.mark.engine_independent
def test_pattern_needs_no_database_and_options_are_checked() -> None:
    runner = CliRunner()
    owner = ["--user", "ada", "--service-account", "billing"]

    assert runner.invoke(commands, ["api-keys", "pattern"]).output == f"{API_KEY_PATTERN}\n"
    for arguments in (["list"], ["list", *owner], ["create", "x", "--user", "a", "--scope", "a:b", "--never-expires"]):
        assert runner.invoke(commands, ["api-keys", *arguments]).exit_code == 2
