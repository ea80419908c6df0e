"""`doctor` says where passkeys work, and which do not."""

import json

import pytest

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.passkeys import check_passkeys, evaluate_passkeys
from tests.support.deployment import Deployment

ON = PasskeyPolicy(rp_id="example.com", origins=("https://example.com",))
OFF = PasskeyPolicy(enabled=False, rp_id="example.com")


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(ON, "ok"), (OFF, "note"), (PasskeyPolicy(enabled=False, problem="no origin fits"), "warn")],
)
def test_state_of_passkeys_is_reported(policy: PasskeyPolicy, verdict: str) -> None:
    assert check_passkeys(policy, is_production=True).verdict == verdict
    assert check_passkeys(policy, is_production=False).verdict != "warn"


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("found", "policy", "messages"),
    [
        ({"example.com": 2}, ON, []),
        (
            {"example.com": 2, "old.example": 1},
            ON,
            ["1 passkey of old.example cannot be used with PASSKEY_RP_ID=example.com."],
        ),
        ({"example.com": 2}, OFF, ["2 passkeys of example.com cannot be used, because passkeys are off."]),
    ],
)
def test_passkeys_that_do_not_work_are_reported(
    found: dict[str, int], policy: PasskeyPolicy, messages: list[str]
) -> None:
    assert [finding.message for finding in evaluate_passkeys(found, policy)] == messages


async def test_passkeys_of_another_domain_are_counted_in_the_database(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(
        "INSERT INTO users (id, username, email, hashed_password, is_active, created_at, updated_at) "
        "VALUES (7, 'ada', 'ada@example.com', '!', true, '2026-01-01', '2026-01-01')"
    )
    await deployment.execute(
        "INSERT INTO passkeys (user_id, name, credential_digest, credential_id, public_key, algorithm, sign_count, "
        "backup_eligible, backed_up, transports, aaguid, rp_id, created_at) "
        "VALUES (7, 'Laptop', 'd', 'i', 'k', -7, 0, false, false, '', '', 'old.example', '2026-01-01')"
    )

    done = deployment.command("doctor", "--json", PASSKEY_RP_ID="localhost", PASSKEY_ORIGINS="http://localhost:8000")

    found = [each["message"] for each in json.loads(done.stdout) if each["check"] == "database.passkeys"]
    assert found == ["1 passkey of old.example cannot be used with PASSKEY_RP_ID=localhost."]
