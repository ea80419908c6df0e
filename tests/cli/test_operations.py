"""`auth-api users` and `auth-api explain`, where somebody needs help: each command once, as an operator types it."""

import json
import os
import pty
import subprocess
import sys

import httpx
import pytest

from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

pytestmark = pytest.mark.slow

NEW = "Another-Horse-8-Clip"


async def test_an_operator_helps_a_person_of_a_running_server(deployment: Deployment) -> None:
    auth_api = deployment.command
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
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
            assert (ended.returncode, ended.stdout, ended.stderr) == (0, "1 sessions ended\n", "")
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")

            weak = auth_api("users", "set-password", "ada", "--password-stdin", stdin="short\n")
            assert (weak.returncode, weak.stdout) == (1, "")
            assert weak.stderr.startswith("The password is too weak.\n  password: Must have at least 12")
            done = auth_api("users", "set-password", "ada", "--password-stdin", "--json", stdin=f"{NEW}\n")
            assert (done.returncode, done.stderr) == (0, "")
            assert json.loads(done.stdout) == {"changed": True, "sessions_ended": 0}
            assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
            assert (await ada.log_in(password=NEW)).status == 200

            verified = [auth_api("users", "verify-email", "ada").stdout for _ in range(2)]
            assert verified == ["verified\n", "was verified already\n"]
            assert (await ada.profile())["email_verified"] is True

            gone = auth_api("users", "delete", "ada@example.com", "--yes")
            assert (gone.returncode, gone.stdout, gone.stderr) == (0, "deleted\n", "")
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")

    rows = await deployment.rows("SELECT action, details FROM audit_logs ORDER BY id")
    by_operator = [action for action, details in rows if json.loads(details).get("by") == "command line"]
    assert by_operator == ["sessions:ended", "password:set", "email:verified", "account:deleted"]


def create(deployment: Deployment) -> None:
    stdin = f"{PASSWORD}\n"
    deployment.command("users", "create", "ada@example.com", "ada", "--password-stdin", stdin=stdin).check_returncode()


@pytest.mark.parametrize("command", ["delete", "end-sessions"])
def test_what_destroys_is_not_done_where_nobody_can_be_asked(deployment: Deployment, command: str) -> None:
    create(deployment)

    refused = deployment.command("users", command, "ada")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("Error: There is nobody to ask: give --yes if this is meant.\n")
    assert deployment.command("users", "show", "ada").returncode == 0


@pytest.mark.parametrize(("answer", "status", "end"), [("n", 1, "Aborted!"), ("y", 0, "deleted")])
def test_at_a_terminal_it_is_asked(deployment: Deployment, answer: str, status: int, end: str) -> None:
    create(deployment)
    terminal, ours = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())

    done = subprocess.run(
        [sys.executable, "-m", "auth_api", "users", "delete", "ada"],
        env=clean_environment(deployment.environ),
        cwd=deployment.folder,
        stdin=ours,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(terminal)
    os.close(ours)

    assert done.returncode == status
    assert "Delete ada <ada@example.com> (id 1) for good? [y/N]" in done.stdout
    assert (done.stdout + done.stderr).strip().endswith(end)


def test_an_explanation_is_for_people_or_for_programs(deployment: Deployment) -> None:
    create(deployment)
    deployment.command("users", "disable", "ada", "--json").check_returncode()

    text = deployment.command("explain", "ada")
    as_json = deployment.command("explain", "ada@example.com", "--json")
    nobody = deployment.command("explain", "nobody")

    assert (text.returncode, text.stderr) == (0, "")
    lines = text.stdout.splitlines()
    assert lines[:3] == ["ada <ada@example.com>, id 1", "", "The account is disabled."]
    assert lines[4:7] == ["Live sessions: 0", "", "Last events, newest first:"]
    assert lines[8].split()[1:] == ["account:disabled", "account", "-", "by=command", "line,", "sessions_ended=0"]
    assert (as_json.returncode, as_json.stderr) == (0, "")
    document = json.loads(as_json.stdout)
    assert document["obstacles"] == [{"code": "account_disabled", "detail": "The account is disabled."}]
    assert (document["account"]["username"], document["sessions"], document["wrong_passwords"]) == ("ada", [], [])
    assert [event["action"] for event in document["events"]] == ["account:disabled", "account:registered"]
    assert (nobody.returncode, nobody.stdout, nobody.stderr) == (1, "No account has this name or address.\n", "")


def test_all_sessions_are_ended_only_by_who_means_it(deployment: Deployment) -> None:
    create(deployment)

    unasked = deployment.command("sessions", "revoke", "--yes")
    refused = deployment.command("sessions", "revoke", "--all")
    done = deployment.command("sessions", "revoke", "--all", "--yes", "--json")

    assert (unasked.returncode, refused.returncode) == (2, 2)
    assert "Missing option '--all'" in unasked.stderr
    assert (done.returncode, json.loads(done.stdout)) == (0, {"sessions_ended": 0})
