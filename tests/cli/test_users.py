"""`auth-api users`: create, show, list, disable and enable."""

import json
from subprocess import CompletedProcess

import httpx
import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from tests.cli.conftest import Command
from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

HEADER = [
    "id",
    "username",
    "email",
    "is_active",
    "email_verified",
    "created_at",
    "last_login",
    "roles",
    "display_name",
    "locale",
]


def create(auth_api: Command, name: str = "ada", *options: str, password: str = PASSWORD) -> CompletedProcess[str]:
    email = name if "@" in name else f"{name}@example.com"
    return auth_api("users", "create", email, name, "--password-stdin", *options, stdin=f"{password}\n")


def test_user_is_created_shown_and_listed(auth_api: Command) -> None:
    created = create(auth_api, "Ada", "--json")
    create(auth_api, "grace").check_returncode()

    assert (created.returncode, created.stderr) == (0, "")
    ada = json.loads(created.stdout)
    assert ada == {
        "id": ada["id"],
        "username": "ada",
        "email": "ada@example.com",
        "is_active": True,
        "email_verified": False,
        "created_at": ada["created_at"],
        "updated_at": ada["created_at"],
        "last_login": None,
        "metadata": {},
        "roles": [],
        "has_password": True,
        "factors": [],
        "display_name": None,
        "locale": None,
    }
    assert json.loads(auth_api("users", "show", "Ada@Example.com", "--json").stdout) == ada
    listed = json.loads(auth_api("users", "list", "--json").stdout)
    assert [user["username"] for user in listed] == ["grace", "ada"]
    assert listed[1] == ada
    newest = json.loads(auth_api("users", "list", "--json", "--limit", "1").stdout)
    assert newest == listed[:1]


def test_list_prints_only_the_requested_users(auth_api: Command) -> None:
    for name in ("ada", "adam", "grace"):
        create(auth_api, name).check_returncode()
    auth_api("users", "disable", "grace").check_returncode()
    auth_api("users", "verify-email", "adam").check_returncode()

    def listed(*options: str) -> list[str]:
        return [user["username"] for user in json.loads(auth_api("users", "list", "--json", *options).stdout)]

    assert listed("--prefix", "AD") == ["ada", "adam"]
    assert listed("--prefix", "ad", "--limit", "1") == ["ada"]
    assert listed("--prefix", "ada@") == ["ada"]
    assert listed("--disabled") == ["grace"]
    assert listed("--unverified") == ["grace", "ada"]
    assert listed("--role", "support") == []
    for role in ("support", "auditor"):
        auth_api("roles", "grant", "adam", role).check_returncode()
    assert listed("--role", "support") == ["adam"]
    assert json.loads(auth_api("users", "show", "adam", "--json").stdout)["roles"] == ["auditor", "support"]
    assert "auditor support" in auth_api("users", "list").stdout
    assert json.loads(auth_api("explain", "ada", "--json").stdout)["roles"] == []
    unknown = auth_api("users", "list", "--role", "unknown")
    assert (unknown.returncode, unknown.stderr.splitlines()[1:]) == (1, ["  role: The role was not found."])
    both = auth_api("users", "list", "--disabled", "--prefix", "ad")
    assert both.returncode == 2
    assert "at most one of" in both.stderr


def test_display_name_is_set_changed_and_removed(auth_api: Command) -> None:
    created = create(auth_api, "ada", "--json", "--display-name", " Ada  Lovelace ")
    changed = auth_api("users", "update", "ada@example.com", "--display-name", "李小龙", "--json")
    removed = auth_api("users", "update", "ada", "--display-name", "")

    assert json.loads(created.stdout)["display_name"] == "Ada Lovelace"
    assert (changed.returncode, changed.stderr) == (0, "")
    assert json.loads(changed.stdout)["display_name"] == "李小龙"
    assert removed.stdout.splitlines()[1].split()[-2:] == ["-", "-"]
    assert json.loads(auth_api("users", "show", "ada", "--json").stdout)["display_name"] is None
    events = json.loads(auth_api("explain", "ada", "--json").stdout)["events"]
    assert [(event["action"], event["actor"]) for event in events[:2]] == [("account:changed", "cli")] * 2


def test_username_and_metadata_are_changed(auth_api: Command) -> None:
    create(auth_api, "ada").check_returncode()

    changed = auth_api(
        "users", "set", "ada", "--username", "ada.l", "--metadata", '{"plan": "pro", "seats": 3}', "--json"
    )
    assert json.loads(changed.stdout)["username"] == "ada.l"
    assert json.loads(changed.stdout)["metadata"] == {"plan": "pro", "seats": 3}
    auth_api("users", "set", "ada.l", "--metadata", '{"plan": null}').check_returncode()

    assert json.loads(auth_api("users", "show", "ada.l", "--json").stdout)["metadata"] == {"seats": 3}
    explained = json.loads(auth_api("explain", "ada.l", "--json").stdout)
    assert explained["account"]["metadata"] == {"seats": 3}
    assert [event["details"] for event in explained["events"][:2]] == [
        {"fields": ["metadata"]},
        {"fields": ["metadata", "username"]},
    ]


@pytest.mark.parametrize(
    ("options", "status", "problem"),
    [
        (["--metadata", '["pro"]'], 2, "The value is not a JSON object."),
        (["--metadata", '{"plan": "\udc80"}'], 2, "The value is not a JSON object."),
        (["--metadata", '{"a plan": 1}'], 1, "metadata: Keys must have 1 to 64 characters"),
        (["--display-name", "Ada\u202e"], 1, "display_name: Must not contain invisible characters"),
        (["--display-name", "Ada\udc80"], 1, "display_name: Must not contain invisible characters"),
        (["--display-name", "a" * 101], 1, "display_name: Must have at most 100 characters."),
        (["--locale", "de_DE"], 1, "locale: Must be a language tag such as `de` or `pt-BR`"),
        ([], 2, "Give at least one option with a field to change."),
    ],
)
def test_invalid_update_changes_nothing(auth_api: Command, options: list[str], status: int, problem: str) -> None:
    create(auth_api).check_returncode()

    refused = auth_api("users", "set", "ada", *options)

    assert (refused.returncode, refused.stdout) == (status, "")
    assert problem in refused.stderr
    assert json.loads(auth_api("users", "show", "ada", "--json").stdout)["display_name"] is None


def test_users_are_printed_as_a_table(auth_api: Command) -> None:
    empty = auth_api("users", "list")
    created = create(auth_api)

    assert (empty.returncode, empty.stderr, empty.stdout.split()) == (0, "", HEADER)
    header, row = created.stdout.splitlines()
    assert header.split() == HEADER
    assert row.split()[1:5] == ["ada", "ada@example.com", "yes", "no"]
    assert [header.index(name) for name in ("username", "email")] == [row.index("ada"), row.index("ada@")]
    assert auth_api("users", "list").stdout == created.stdout
    assert auth_api("users", "show", "ada").stdout == created.stdout


@pytest.mark.parametrize(
    "command", [("create", "ada@example.com", "ada"), ("set-password", "grace")], ids=["create", "set-password"]
)
def test_password_is_not_asked_for_without_a_terminal(auth_api: Command, command: tuple[str, ...]) -> None:
    create(auth_api, "grace").check_returncode()

    refused = auth_api("users", *command, stdin=f"{PASSWORD}\n{PASSWORD}\n")

    advice = "Error: Not a terminal. Pass --password-stdin to read the password from standard input."
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (2, advice)


def test_all_invalid_fields_are_reported_at_once(auth_api: Command) -> None:
    refused = auth_api("users", "create", "nowhere", "a b", "--password-stdin", stdin="qzvkw\n")

    assert (refused.returncode, refused.stdout) == (1, "")
    headline, *problems = refused.stderr.splitlines()
    assert headline == "Some fields of the request are invalid."
    assert [problem.split(":")[0].strip() for problem in problems] == ["email", "username", *["password"] * 4]
    assert "qzvkw" not in refused.stderr


def test_weak_password_is_rejected_with_all_broken_rules(auth_api: Command) -> None:
    refused = create(auth_api, password="Password1")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines() == [
        "The password does not meet the requirements.",
        "  password: Must have at least 12 characters.",
        "  password: Must contain a symbol.",
        "  password: Must not be a common password.",
    ]


def test_password_that_is_not_utf8_is_rejected() -> None:
    arguments = ["users", "create", "ada@example.com", "ada", "--password-stdin"]

    refused = CliRunner().invoke(commands, arguments, input=PASSWORD.encode("utf-16"))

    assert (refused.exit_code, refused.output) == (1, "Error: The password on standard input is not UTF-8.\n")


def test_taken_email_is_rejected(auth_api: Command) -> None:
    create(auth_api).check_returncode()

    again = create(auth_api)

    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "An account with this e-mail address already exists.\n"


def test_unknown_user_is_reported(auth_api: Command) -> None:
    for command in ("show", "disable"):
        done = auth_api("users", command, "unknown")
        assert (command, done.returncode, done.stdout, done.stderr) == (command, 1, "", "User not found\n")


async def test_disabling_ends_live_sessions_of_a_running_server(deployment: Deployment) -> None:
    """Enabling permits logins again but restores no session; each change is one event."""
    create(deployment.command).check_returncode()
    with deployment.server() as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            ada = Actor(client)
            await ada.log_in()
            assert (await ada.profile()).status == 200

            disabled = deployment.command("users", "disable", "ada@example.com")
            again = deployment.command("users", "disable", "ada")

            assert (disabled.returncode, disabled.stdout, disabled.stderr) == (0, "disabled\n", "")
            assert (again.returncode, again.stdout) == (0, "already disabled\n")
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.log_in()).outcome == (403, "ACCOUNT_DISABLED")

            assert deployment.command("users", "enable", "ada").stdout == "enabled\n"
            assert deployment.command("users", "enable", "ada").stdout == "already enabled\n"
            assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.log_in()).status == 200

    events = await deployment.rows("SELECT action, actor FROM audit_logs WHERE action LIKE 'account:%' ORDER BY id")
    assert [action for action, _ in events] == ["account:created", "account:disabled", "account:enabled"]
    assert {actor for _, actor in events} == {"cli"}
