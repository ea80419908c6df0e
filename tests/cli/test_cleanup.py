"""`auth-api cleanup`, and the background job that does the same in each server."""

import json

from tests.support.deployment import Deployment
from tests.support.waiting import wait_until

TWO_OLD_EVENTS = (
    "INSERT INTO audit_logs (action, resource, created_at) VALUES "
    "('login:failed', 'account', '2020-01-01 00:00:00+00:00'), "
    "('login:failed', 'account', '2020-01-01 00:00:00+00:00')"
)


async def test_expired_rows_are_counted_and_removed(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(TWO_OLD_EVENTS)

    dry_run = deployment.command("cleanup", "--dry-run", "--json")
    done = deployment.command("cleanup")
    again = deployment.command("cleanup", "--json")

    assert (dry_run.returncode, dry_run.stderr, json.loads(dry_run.stdout)["audit_events"]) == (0, "", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["kind", "removed"],
        ["invitations", "0"],
        ["pending_logins", "0"],
        ["refresh_tokens", "0"],
        ["sessions", "0"],
        ["totp_candidates", "0"],
        ["expired_api_keys", "0"],
        ["revoked_api_keys", "0"],
        ["oauth_requests", "0"],
        ["oauth_grants", "0"],
        ["one_time_tokens", "0"],
        ["sign_in_flows", "0"],
        ["throttle_counters", "0"],
        ["used_values", "0"],
        ["revoked_subjects", "0"],
        ["sent_mails", "0"],
        ["failed_mails", "0"],
        ["audit_events", "2"],
        ["provider_roles", "0"],
    ]
    assert (again.returncode, json.loads(again.stdout)["audit_events"]) == (0, 0)
    assert await deployment.rows("SELECT count(*) FROM audit_logs") == [(0,)]


async def test_server_cleans_up_in_the_background_and_stops_quickly(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(TWO_OLD_EVENTS)

    with deployment.server(HOUSEKEEPING_INTERVAL="86400") as server:
        wait_until(lambda: "housekeeping:finished" in server.output())
        assert server.stop() == 0

    assert await deployment.rows("SELECT count(*) FROM audit_logs") == [(0,)]
