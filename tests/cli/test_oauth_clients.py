"""`auth-api oauth clients` and `auth-api oauth resources`."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.slow

ORDERS = "https://orders.example.com"
CALLBACK = "https://wiki.example.com/callback"


def test_applications_and_resources_are_registered_changed_and_deleted(auth_api: Command) -> None:
    def run(*arguments: str, status: int = 0) -> Any:
        done = auth_api("oauth", *arguments, "--json")
        assert (done.returncode, bool(done.stderr)) == (status, bool(status)), done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    described = ("--name", "Orders", "--scope", "orders:read=Read your orders.")
    resource = run("resources", "add", ORDERS, *described)
    assert resource["scopes"] == [{"name": "orders:read", "description": "Read your orders."}]
    assert "belongs to another resource" in run("resources", "add", ORDERS, *described, status=1)
    assert "NAME=DESCRIPTION" in run("resources", "add", ORDERS, "--name", "Orders", "--scope", "x", status=2)
    changed = run("resources", "set", str(resource["id"]), "--access-token-minutes", "5")
    assert changed == {**resource, "access_token_minutes": 5, "updated_at": changed["updated_at"]}
    assert run("resources", "list") == [changed]

    printed = auth_api(
        "oauth", "clients", "add", "Wiki", "--kind", "web", "--redirect-uri", CALLBACK
    ).stdout.splitlines()
    variables = dict(line.split("=", 1) for line in printed)
    assert variables.keys() == {"OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_REDIRECT_URI"}
    client_id = variables["OIDC_CLIENT_ID"]
    client = run("clients", "show", client_id)
    assert (client["redirect_uris"], client["scopes"]) == ([CALLBACK], [])
    privileged = ("--first-party", "--no-require-pkce", "--scope", "roles", "--required-role", "employee")
    client = run("clients", "set", client_id, *privileged, "--scope", "orders:read")
    assert (client["first_party"], client["require_pkce"], client["scopes"]) == (True, False, ["roles", "orders:read"])
    assert run("clients", "set", client_id, "--scope", "", "--required-role", "")["scopes"] == []
    assert "redirect_uris" in run("clients", "set", client_id, "--redirect-uri", "", status=1)
    rotated = run("clients", "rotate-secret", client_id)
    assert [secret["hint"] for secret in rotated["secrets"]] == [
        f"…{secret[-4:]}" for secret in (rotated["client_secret"], variables["OIDC_CLIENT_SECRET"])
    ]
    run("clients", "disable", client_id)
    assert [listed["is_active"] for listed in run("clients", "list")] == [False]
    run("clients", "enable", client_id)
    assert client_id in auth_api("oauth", "clients", "list").stdout
    tried = auth_api("oauth", "try", client_id)
    assert (tried.returncode, "Not a terminal. Set OIDC_CLIENT_SECRET" in tried.stderr) == (2, True), tried.stderr
    run("clients", "delete", client_id, status=2)
    run("clients", "delete", client_id, "--yes")
    assert "not found" in run("clients", "show", client_id, status=1)
    run("resources", "remove", str(resource["id"]), "--yes")
    assert run("resources", "list") == []
