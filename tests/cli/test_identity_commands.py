"""`auth-api users identities` and `auth-api users unlink`."""

import json

from tests.support.deployment import Deployment

PROVIDER = {"PROVIDERS": '["acme"]', "PROVIDER_ACME_CLIENT_ID": "us", "PROVIDER_ACME_ISSUER": "https://acme.example"}

ADD_USER = (
    "INSERT INTO users (id, username, email, hashed_password, is_active, created_at, updated_at) "
    "VALUES (7, 'ada', 'ada@example.com', '!', true, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"
)
ADD_IDENTITY = (
    "INSERT INTO user_identities "
    "(id, user_id, provider, issuer, subject, email, email_verified, linked_at, last_used_at) "
    "VALUES (3, 7, 'acme', 'https://acme.example', 'secret-subject', 'ada@acme.example', true, "
    "'2026-01-02 00:00:00+00:00', '2026-01-03 00:00:00+00:00')"
)


async def test_identities_are_shown_and_the_last_way_in_is_unlinked_only_on_request(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(ADD_USER)
    await deployment.execute(ADD_IDENTITY)
    identity = {
        "id": 3,
        "provider": "acme",
        "email": "ada@acme.example",
        "linked_at": "2026-01-02T00:00:00.000Z",
        "last_used_at": "2026-01-03T00:00:00.000Z",
    }

    shown = deployment.command("users", "identities", "ada", "--json")
    explained = deployment.command("explain", "ada", "--json")
    told = deployment.command("explain", "ada", **PROVIDER)
    told_without = deployment.command("explain", "ada")
    refused = deployment.command("users", "unlink", "ada", "3", **PROVIDER)
    unknown = deployment.command("users", "unlink", "ada", "4", **PROVIDER)
    unlinked = deployment.command("users", "unlink", "ada", "3", "--yes", "--json", **PROVIDER)

    assert json.loads(shown.stdout) == {"identities": [identity]}
    assert json.loads(explained.stdout)["identities"] == [identity]
    assert "Linked providers: acme\n" in told.stdout
    assert "Linked providers: acme (not configured)\n" in told_without.stdout
    assert "secret-subject" not in shown.stdout + explained.stdout
    assert (refused.returncode, unknown.returncode) == (1, 1)
    assert "no other way to log in. Pass --yes" in refused.stderr
    assert json.loads(unlinked.stdout) == {"changed": True}
    assert await deployment.rows("SELECT count(*) FROM user_identities") == [(0,)]
    assert await deployment.rows("SELECT count(*) FROM audit_logs WHERE action = 'identity:unlinked'") == [(1,)]
