"""`auth-api invitations`: create, list, resend and revoke."""

import json
from subprocess import CompletedProcess

import pytest

from tests.support.deployment import Deployment

pytestmark = pytest.mark.slow

MAIL = {"SMTP_URL": "smtp://127.0.0.1:1?tls=none", "MAIL_FROM": "no-reply@example.com"}


async def test_invitation_is_created_listed_sent_again_and_revoked(deployment: Deployment) -> None:
    def invitations(*arguments: str) -> CompletedProcess[str]:
        return deployment.command("invitations", *arguments, **MAIL)

    created = invitations("create", "Grace@Example.com", "--role", "support", "--hours", "1", "--json")
    assert (created.returncode, created.stderr) == (0, "")
    invitation = json.loads(created.stdout)
    assert (invitation["email"], invitation["roles"]) == ("grace@example.com", ["support"])
    assert (invitation["status"], invitation["invited_by"]) == ("pending", "cli")
    number = str(invitation["id"])

    assert json.loads(invitations("list", "--pending", "--email", "grace@example.com", "--json").stdout) == [invitation]
    assert invitations("resend", number).stdout == "The server sends the mail again.\n"
    assert [kind for (kind,) in await deployment.rows("SELECT template FROM outbox")] == ["invitation"] * 2
    assert invitations("revoke", number).stdout == "revoked\n"
    assert json.loads(invitations("list", "--pending", "--json").stdout) == []
    header, row = invitations("list").stdout.splitlines()
    assert header.split()[:4] == ["id", "email", "status", "invited_by"]
    assert row.split()[:4] == [number, "grace@example.com", "revoked", "cli"]
    actions = await deployment.rows("SELECT action, actor FROM audit_logs ORDER BY id")
    assert actions == [(f"invitation:{act}", "cli") for act in ("created", "resent", "revoked")]


def test_commands_explain_what_is_wrong(deployment: Deployment) -> None:
    for arguments, variables, reason in (
        (("create", "x"), MAIL, "email: Must be a valid e-mail address."),
        (("create", "ada@example.com", "--role", "no-such-role"), MAIL, "roles: Each must be the name of a role."),
        (("create", "ada@example.com", "--hours", "721"), MAIL, "expires_in_hours: "),
        (("create", "ada@example.com"), {}, "Mail is off. Set SMTP_URL"),
        (("revoke", "7"), MAIL, "No pending invitation has this id."),
        (("resend", "7"), MAIL, "No pending invitation has this id."),
        (("resend", "7"), {}, "Mail is off. Set SMTP_URL"),
    ):
        result = deployment.command("invitations", *arguments, **variables)
        assert (result.returncode, result.stdout) == (1, ""), arguments
        assert reason in result.stderr, arguments
