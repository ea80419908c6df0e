"""`auth-api users`, `explain` and `sessions`: each command once, as an operator types it."""

import json
import os
import pty
import subprocess
import sys

import httpx
import pytest

from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment, free_port
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

NEW = "Another-Horse-8-Clip"


async def test_operator_helps_a_user_of_a_running_server(deployment: Deployment) -> None:
    auth_api = deployment.command
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            ada = Actor(client, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
            assert (await ada.register()).status == 201

            listed = auth_api("users", "sessions", "ada", "--json")
            table = auth_api("users", "sessions", "ada")
            assert (listed.returncode, listed.stderr) == (0, "")
            (session,) = json.loads(listed.stdout)
            assert (session["device"], session["ip_address"]) == ("Firefox on Linux", "127.0.0.1")
            assert table.stdout.split()[:2] == ["id", "device"]
            assert session["id"] in table.stdout

            ended = auth_api("users", "end-sessions", "ada", "--yes")
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1 session ended\n", "")
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")

            weak = auth_api("users", "set-password", "ada", "--password-stdin", stdin="short\n")
            assert (weak.returncode, weak.stdout) == (1, "")
            assert weak.stderr.startswith(
                "The password does not meet the requirements.\n  password: Must have at least 12"
            )
            done = auth_api("users", "set-password", "ada", "--password-stdin", "--json", stdin=f"{NEW}\n")
            assert (done.returncode, done.stderr) == (0, "")
            assert json.loads(done.stdout) == {"changed": True, "sessions_ended": 0}
            assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
            assert (await ada.log_in(password=NEW)).status == 200

            verified = [auth_api("users", "verify-email", "ada").stdout for _ in range(2)]
            assert verified == ["verified\n", "already verified\n"]
            assert (await ada.profile())["email_verified"] is True

            deleted = auth_api("users", "delete", "ada@example.com", "--yes")
            assert (deleted.returncode, deleted.stdout, deleted.stderr) == (0, "deleted\n", "")
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")

    rows = await deployment.rows("SELECT action FROM audit_logs WHERE actor = 'cli' ORDER BY id")
    assert [action for (action,) in rows] == ["sessions:ended", "password:set", "email:verified", "account:deleted"]


def create(deployment: Deployment) -> None:
    stdin = f"{PASSWORD}\n"
    deployment.command("users", "create", "ada@example.com", "ada", "--password-stdin", stdin=stdin).check_returncode()


@pytest.mark.parametrize("command", ["delete", "end-sessions"])
def test_destructive_command_needs_confirmation_without_a_terminal(deployment: Deployment, command: str) -> None:
    create(deployment)

    refused = deployment.command("users", command, "ada")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("ada <ada@example.com> (id 1)? Not a terminal. Pass --yes to confirm.\n")
    assert deployment.command("users", "show", "ada").returncode == 0


@pytest.mark.parametrize(("answer", "status", "end"), [("n", 1, "Aborted!"), ("y", 0, "deleted")])
def test_destructive_command_asks_at_a_terminal(deployment: Deployment, answer: str, status: int, end: str) -> None:
    create(deployment)
    terminal, standard_input = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())

    done = subprocess.run(
        [sys.executable, "-m", "auth_api", "users", "delete", "ada"],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        stdin=standard_input,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(terminal)
    os.close(standard_input)

    assert done.returncode == status
    assert "Permanently delete ada <ada@example.com> (id 1)? [y/N]" in done.stdout
    assert (done.stdout + done.stderr).strip().endswith(end)


def test_unreachable_database_is_explained_with_a_fix(deployment: Deployment) -> None:
    url = f"postgresql://ada:hunter2@127.0.0.1:{free_port()}/auth"

    done = deployment.command("users", "list", DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"Error: PostgreSQL at {url.partition('@')[2]}: the connection was refused. Check host"
    )


def test_explanation_is_printed_as_text_or_json(deployment: Deployment) -> None:
    create(deployment)
    unhindered = deployment.command("explain", "ada")
    deployment.command("users", "disable", "ada", "--json").check_returncode()

    text = deployment.command("explain", "ada")
    as_json = deployment.command("explain", "ada@example.com", "--json")
    unknown = deployment.command("explain", "unknown")

    assert unhindered.stdout.splitlines()[4] == (
        "A login with the right password succeeds, unless a limit per client IP refuses it (auth-api limits)."
    )
    assert (text.returncode, text.stderr) == (0, "")
    lines = text.stdout.splitlines()
    assert lines[:3] == ["ada <ada@example.com>, id 1", "Roles: none", "Linked providers: none"]
    assert lines[3:5] == ["", "The user is disabled."]
    assert lines[6:9] == ["Live sessions: 0", "", "Most recent events:"]
    assert lines[10].split()[1:] == ["account:disabled", "account", "cli", "-", "sessions_ended=0"]
    assert (as_json.returncode, as_json.stderr) == (0, "")
    document = json.loads(as_json.stdout)
    assert document["obstacles"] == [{"code": "account_disabled", "detail": "The user is disabled.", "until": None}]
    assert (document["account"]["username"], document["sessions"], document["wrong_passwords"]) == ("ada", [], [])
    events = [(event["action"], event["actor"]) for event in document["events"]]
    assert events == [("account:disabled", "cli"), ("account:created", "cli")]
    assert (unknown.returncode, unknown.stdout, unknown.stderr) == (
        1,
        "No user has this username or e-mail address.\n",
        "",
    )


def test_revoking_all_sessions_needs_all_and_confirmation(deployment: Deployment) -> None:
    create(deployment)

    without_all = deployment.command("sessions", "revoke", "--yes")
    unconfirmed = deployment.command("sessions", "revoke", "--all")
    done = deployment.command("sessions", "revoke", "--all", "--yes", "--json")

    assert (without_all.returncode, unconfirmed.returncode) == (2, 2)
    assert "Missing option '--all'" in without_all.stderr
    assert (done.returncode, json.loads(done.stdout)) == (0, {"sessions_ended": 0})
