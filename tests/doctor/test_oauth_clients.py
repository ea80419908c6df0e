"""`doctor` warns of applications that are less protected than they could be, or let no user in."""

import json
from typing import Any

import pytest

from auth_api.doctor.oauth_clients import RegisteredApplication, evaluate_applications
from tests.support.deployment import Deployment

CALLBACK = "https://wiki.example.com/callback"
LOOPBACK = "http://localhost:8080/callback"


def named(*found: RegisteredApplication, is_production: bool = True) -> list[tuple[str, str]]:
    findings = evaluate_applications(found, is_production=is_production)
    return [(each.check, each.message.rpartition(": ")[2]) for each in findings]


@pytest.mark.engine_independent
def test_each_weakness_names_its_applications() -> None:
    safe = RegisteredApplication("app_1", "web", CALLBACK, require_pkce=True, lacks_role=False)
    weak = RegisteredApplication("app_2", "web", f"{CALLBACK} {LOOPBACK}", require_pkce=False, lacks_role=True)
    native = RegisteredApplication("app_3", "native", LOOPBACK, require_pkce=True, lacks_role=True)

    assert named(safe) == []
    assert named(safe, weak, native) == [
        ("oauth.pkce", "app_2."),
        ("oauth.roles", "app_2, app_3."),
        ("oauth.redirect_uris", "app_2."),
    ]
    assert [check for check, _ in named(weak, is_production=False)] == ["oauth.pkce", "oauth.roles"]


@pytest.mark.slow
async def test_active_applications_are_read(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    weak = ("--no-require-pkce", "--required-role", "employee")
    added = deployment.command(
        "oauth", "clients", "add", "Wiki", "--kind", "web", "--redirect-uri", CALLBACK, *weak, "--json"
    )
    client_id = json.loads(added.stdout)["client_id"]

    def checks() -> list[tuple[Any, Any]]:
        document = json.loads(deployment.command("doctor", "--json").stdout)
        return [
            (each["check"], client_id in each["message"]) for each in document if each["check"].startswith("oauth.")
        ]

    assert {("oauth.pkce", True), ("oauth.roles", True)} <= set(checks())
    deployment.command("roles", "create", "employee").check_returncode()
    assert ("oauth.roles", True) not in checks()
    deployment.command("oauth", "clients", "disable", client_id).check_returncode()
    assert ("oauth.pkce", True) not in checks()
