"""`auth-api roles` and `auth-api permissions`."""

import json
from subprocess import CompletedProcess
from typing import Any

import pytest

from auth_api.flows.role_administration.operator_advice import OperatorAdvice
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from tests.cli.conftest import Command
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.factors import add_totp

MAIL = {"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "no-reply@example.com"}


def parsed(done: CompletedProcess[str]) -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture
def with_user(auth_api: Command) -> Command:
    """The command line of a database with the user Ada."""
    created = auth_api("users", "create", "ada@example.com", "ada", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert created.returncode == 0
    return auth_api


def test_operator_manages_roles_and_permissions(with_user: Command) -> None:
    run = with_user
    permission = parsed(run("permissions", "set", "orders:read", "--description", "Read orders", "--json"))
    options = ("--permission", "orders:read", "--permission", "users:read")
    created = parsed(run("roles", "create", "desk", *options, "--description", "Orders", "--json"))
    changed = parsed(run("roles", "set", "desk", "--permission", "orders:read", "--json"))
    shown = run("roles", "show", "desk")
    granted = [run("roles", "grant", "ada", "desk") for _ in range(2)]
    holders = parsed(run("roles", "who", "desk", "--json"))
    in_use = run("roles", "delete", "desk", "--yes")
    revoked = [parsed(run("roles", "revoke", "ada", "desk", "--json")) for _ in range(2)]
    unconfirmed = run("roles", "delete", "desk")
    deleted = run("roles", "delete", "desk", "--yes")
    listed = [role["name"] for role in parsed(run("roles", "list", "--json"))]
    removed = run("permissions", "delete", "orders:read", "--yes")

    assert (permission["name"], permission["created_by"], permission["built_in"]) == ("orders:read", "cli", False)
    assert (created["permissions"], created["description"]) == (["orders:read", "users:read"], "Orders")
    assert changed == {
        **created,
        "permissions": ["orders:read"],
        "administrative": False,
        "updated_at": changed["updated_at"],
    }
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["name", "description", "permissions", "built_in", "administrative"],
        ["desk", "Orders", "orders:read", "no", "no"],
    ]
    assert [done.stdout for done in granted] == ["granted\n", "already granted\n"]
    assert [(holder["username"], holder["is_active"]) for holder in holders] == [("ada", True)]
    assert (in_use.returncode, in_use.stderr) == (
        1,
        "A user, a role, a pending invitation or an API key still uses it.\n",
    )
    assert revoked == [{"changed": True}, {"changed": False}]
    assert (unconfirmed.returncode, deleted.stdout, removed.stdout) == (2, "deleted\n", "deleted\n")
    assert listed == ["administrator", "auditor", "support", "user-manager"]


def test_operator_errors_are_explained(with_user: Command) -> None:
    for arguments, status, message in (
        (("roles", "show", "unknown"), 1, "The role was not found"),
        (("roles", "grant", "ada", "unknown"), 1, "The role was not found"),
        (("roles", "grant", "unknown", "support"), 1, "User not found"),
        (("roles", "create", "Desk"), 1, "name"),
        (("roles", "create", "desk", "--permission", "*"), 1, "permissions"),
        (("roles", "set", "support", "--description", "x"), 1, "Built-in"),
        (("permissions", "set", "users:own", "--description", "x"), 1, "name"),
        (("permissions", "delete", "orders:read", "--yes"), 1, "The permission was not found"),
    ):
        done = with_user(*arguments)
        assert (done.returncode, message in done.stderr) == (status, True), (arguments, done.stderr)


def test_first_administrator_needs_a_verified_address_and_stays(with_user: Command) -> None:
    refused = with_user("roles", "grant", "ada", ADMINISTRATOR, **MAIL)
    verified = with_user("users", "verify-email", "ada")
    granted = with_user("roles", "grant", "ada", ADMINISTRATOR, **MAIL)
    last = with_user("roles", "revoke", "ada", ADMINISTRATOR)
    none_left = with_user("roles", "revoke", "ada", ADMINISTRATOR, "--leave-none")

    assert (refused.returncode, "auth-api users verify-email ada" in refused.stderr) == (1, True)
    assert (verified.returncode, granted.stdout) == (0, "granted\n")
    assert (last.returncode, last.stderr) == (1, "This is the last active administrator.\n")
    assert (none_left.returncode, none_left.stdout) == (0, "revoked\n")


async def test_user_is_created_with_a_role(auth_api: Command, deployment: Deployment) -> None:
    create = ("users", "create", "grace@example.com", "grace", "--password-stdin", "--role")
    unknown = auth_api(*create, "unknown", "--verified", stdin=f"{PASSWORD}\n")
    unverified = auth_api(*create, ADMINISTRATOR, stdin=f"{PASSWORD}\n", **MAIL)
    created = auth_api(*create, ADMINISTRATOR, "--verified", stdin=f"{PASSWORD}\n", **MAIL)

    assert (unknown.returncode, unknown.stderr) == (1, "The role was not found.\n")
    assert (unverified.returncode, "--verified" in unverified.stderr) == (1, True)
    assert created.returncode == 0
    assert [holder["username"] for holder in parsed(auth_api("roles", "who", ADMINISTRATOR, "--json"))] == ["grace"]
    events = await deployment.rows("SELECT action, resource, actor FROM audit_logs ORDER BY id")
    assert events == [("account:created", "account", "cli"), ("role:granted", "role:administrator", "cli")]


async def test_advice_names_a_missing_second_factor(
    app_with: OtherAppFactory, user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    user = await services.core.users.find("ada")
    assert await services.of(OperatorAdvice).on_role(user, ADMINISTRATOR) is None

    async with app_with(MFA_POLICY="required", **MAIL) as app:
        advice = app.services.of(OperatorAdvice)
        missing = await advice.on_role(user, ADMINISTRATOR)
        await add_totp(app.services, "ada")

        assert missing is not None
        assert "ada has no second factor" in missing
        assert await advice.on_role(user, ADMINISTRATOR) is None
