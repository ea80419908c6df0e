"""`auth-api doctor` on real deployments, sound and broken ones."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import SECRET, Deployment
from tests.support.mail_server import LOGIN, MailServer
from tests.support.processes import free_port

DOCTOR = ("doctor", "--json")


def findings(deployment: Deployment, **variables: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status, and the findings by check."""
    done = deployment.command(*DOCTOR, **variables)
    assert done.stderr == ""
    assert not {SECRET, "hunter2"} & {word for word in (SECRET, "hunter2") if word in done.stdout}
    return done.returncode, {found["check"]: found for found in json.loads(done.stdout)}


def test_sound_deployment_has_no_failure_and_is_not_changed(deployment: Deployment, engine: str) -> None:
    deployment.command("migrate").check_returncode()
    (deployment.folder / ".env").touch(0o600)
    before = [(path, path.stat().st_mtime_ns, path.stat().st_mode) for path in sorted(deployment.folder.iterdir())]

    status, found = findings(deployment, PICCOLO_CONF="nowhere")  # as outside a checkout

    shared = {"settings", "database.reachable", "database.version", "database.migrations", "keys.strength"}
    shared |= {
        "hashing.cost",
        "http.cors",
        "mail",
        "files.env",
        "pages",
        "pages.templates",
        "passkeys",
        "authenticator_apps",
        "database.administrators",
    }
    of_engine = {
        "sqlite": {"files.database"},
        "postgres": {
            "database.clock",
            "database.connections",
            "database.encryption",
            "database.sequences",
        },
    }
    assert (status, set(found)) == (0, shared | of_engine[engine])
    assert {found[check]["verdict"] for check in found} <= {"ok", "note"}
    place = {"sqlite": "SQLite: ", "postgres": "PostgreSQL at 127.0.0.1"}
    assert found["database.reachable"]["message"].startswith(place[engine])
    after = [(path, path.stat().st_mtime_ns, path.stat().st_mode) for path in sorted(deployment.folder.iterdir())]
    assert after == before


def test_pending_migrations_are_a_failure(unmigrated: Deployment, engine: str) -> None:
    if engine == "sqlite":
        Path(unmigrated.database_url.removeprefix("sqlite:///")).touch(0o600)

    status, found = findings(unmigrated)

    assert (status, found["database.migrations"]["fix"]) == (1, "Run: auth-api migrate")


async def test_tables_that_a_restore_left_out_are_a_failure(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    for statement in ("DROP TABLE outbox", "ALTER TABLE users DROP COLUMN locale"):
        await deployment.rows(statement)

    status, found = findings(deployment)

    assert (status, found["database.tables"]["message"]) == (1, "The database lacks users.locale, outbox.")


@pytest.mark.engine("postgres")
async def test_missing_privileges_are_a_failure(deployment: Deployment) -> None:
    role = f"role_{secrets.token_hex(4)}"
    tables = "users, sessions, refresh_tokens, browser_sessions, one_time_tokens, throttle_counters, used_values, "
    tables += "pending_logins, totp_factors, totp_candidates, recovery_codes, passkeys, service_accounts, api_keys, "
    tables += "revoked_subjects, roles, user_roles, permissions, invitations, sign_in_flows, user_identities, "
    tables += "oauth_resources, oauth_clients, oauth_requests, oauth_grants, oauth_consents"
    for statement in (
        f"CREATE ROLE {role} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"GRANT INSERT ON {tables}, audit_logs, outbox TO {role}",
        f"GRANT UPDATE, DELETE ON {tables} TO {role}",
    ):
        await deployment.rows(statement)

    status, found = findings(deployment, DATABASE_URL=deployment.database_url.replace("postgres@", f"{role}@"))

    assert (status, found["database.privileges"]["message"]) == (
        1,
        "The role of DATABASE_URL lacks UPDATE on outbox, DELETE on outbox.",
    )


def test_missing_database_is_a_failure(deployment: Deployment, tmp_path: Path, engine: str) -> None:
    missing = "sqlite:///lost.db" if engine == "sqlite" else f"postgresql://a:hunter2@127.0.0.1:{free_port()}/auth"
    production = {"ENVIRONMENT": "production", "PUBLIC_URL": "https://auth.example.org"}

    status, found = findings(deployment, **production, DATABASE_URL=missing, JWT_SECRET_KEY=SECRET.replace("a-", "A7"))

    assert (status, found["database.reachable"]["verdict"]) == (1, "fail")
    assert ("lost.db" if engine == "sqlite" else "the connection was refused") in found["database.reachable"]["message"]


def test_corrupt_database_file_is_a_failure(deployment: Deployment, engine: str) -> None:
    if engine == "postgres":
        pytest.skip("PostgreSQL keeps its own files")
    (deployment.folder / "broken.db").write_text("hunter2 " * 1000)

    status, found = findings(deployment, DATABASE_URL="sqlite:///broken.db")

    assert (status, found["database.reachable"]["verdict"]) == (1, "fail")


def test_wrong_folder_of_the_database_is_named(deployment: Deployment, engine: str) -> None:
    """SQLite only reports that the disk failed."""
    if engine == "postgres":
        pytest.skip("PostgreSQL keeps its own files")
    (deployment.folder / "folder.db").mkdir()

    _, found = findings(deployment, DATABASE_URL="sqlite:///folder.db")
    _, missing = findings(deployment, DATABASE_URL="sqlite:///lost/auth.db", ENVIRONMENT="testing")

    assert "folder.db is not a file." in found["database.reachable"]["message"]
    assert missing["database.reachable"]["verdict"] == "fail"


def test_writable_secret_file_is_a_failure(deployment: Deployment) -> None:
    path = deployment.folder / "key"
    path.write_text("qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2")
    path.chmod(0o666)

    status, found = findings(deployment, JWT_SECRET_KEY_FILE="key")

    assert (status, found["files.JWT_SECRET_KEY"]["fix"]) == (1, f"chmod 600 {path}")
    assert found["keys.age"]["message"] == "The file of the key was written 0 days ago."


def test_invalid_settings_are_listed_with_examples(deployment: Deployment) -> None:
    done = deployment.command(*DOCTOR, PORT="none", LOG_LEVEL="loud")

    assert done.returncode == 2
    assert [(found["check"], found["verdict"], found["fix"]) for found in json.loads(done.stdout)] == [
        ("settings", "fail", "Example: PORT=8000"),
        ("settings", "fail", "Example: LOG_LEVEL=INFO"),
    ]


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning:aiosmtpd")
def test_mail_server_is_checked_without_sending_mail(deployment: Deployment) -> None:
    sender = {"MAIL_FROM": "Acme <no-reply@example.com>"}
    with MailServer(needs_login=True) as server:
        _, good = findings(deployment, **sender, SMTP_URL=server.url(f"{LOGIN[0]}:p%40ss%2Fword@"))
        status, bad = findings(deployment, **sender, SMTP_URL=server.url("auth-api:hunter2@"))
        assert server.messages == []

    assert (good["mail"]["verdict"], good["mail"]["message"]) == (
        "warn",
        f"127.0.0.1:{server.port} accepts the login, without TLS.",
    )
    assert (status, bad["mail"]["verdict"]) == (1, "fail")
    assert bad["mail"]["message"].startswith(f"127.0.0.1:{server.port} rejected the login (535")
    assert bad["mail"]["fix"].startswith("Check user and password in SMTP_URL")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write to every file")
def test_readonly_database_is_a_failure(deployment: Deployment, engine: str) -> None:
    if engine == "postgres":
        pytest.skip("PostgreSQL keeps its own files")
    deployment.command("migrate").check_returncode()
    Path(deployment.database_url.removeprefix("sqlite:///")).chmod(0o400)

    assert findings(deployment)[0] == 1
