"""`auth-api users factors` and `auth-api users reset-factors`."""

import json

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.authenticator_app import add_app
from tests.support.deployment import Deployment
from tests.support.factors import add_totp, current_code, step_up, wrong_code
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions

REASON = "identified by a call"


ADD_USER = (
    "INSERT INTO users (id, username, email, hashed_password, is_active, created_at, updated_at, two_step_since) "
    "VALUES (7, 'ada', 'ada@example.com', '!', true, "
    "'2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"
)
ADD_APP = (
    "INSERT INTO totp_factors (user_id, sealed, last_step, confirmed_at) "
    "VALUES (7, '1.unknown.value', 0, '2026-01-01 00:00:00+00:00')"
)
ADD_PASSKEY = (
    "INSERT INTO passkeys (user_id, name, credential_digest, credential_id, public_key, algorithm, sign_count, "
    "backup_eligible, backed_up, transports, aaguid, rp_id, created_at, last_used_at) "
    "VALUES (7, 'Laptop', 'digest', 'id', 'key', -7, 0, false, false, '', '', 'earlier.example.com', "
    "'2026-01-02 00:00:00+00:00', '2026-01-03 00:00:00+00:00')"
)


async def add_user_with_app(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(ADD_USER)
    await deployment.execute(ADD_APP)


async def test_factors_are_shown_and_reset(deployment: Deployment) -> None:
    await add_user_with_app(deployment)

    shown = deployment.command("users", "factors", "ada")
    reset = deployment.command("users", "reset-factors", "ada", "--yes", "--json", "--reason", REASON)
    after = deployment.command("users", "factors", "ada", "--json")

    assert (shown.returncode, [line.split() for line in shown.stdout.splitlines()]) == (
        0,
        [
            ["Two-step", "login:", "on", "since", "2026-01-01T00:00:00.000Z"],
            ["kind", "name", "created_at", "last_used_at", "usable"],
            ["totp", "-", "2026-01-01T00:00:00.000Z", "-", "no"],
        ],
    )
    assert json.loads(reset.stdout) == {"changed": True, "factors_removed": 1, "sessions_ended": 0}
    assert json.loads(after.stdout) == {
        "two_step": False,
        "two_step_since": None,
        "factors": [],
        "recovery_codes": None,
    }
    details = await deployment.rows("SELECT details FROM audit_logs WHERE action = 'factors:reset'")
    assert REASON in str(details)


async def test_passkeys_are_shown_with_name_and_last_use(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(ADD_USER)
    await deployment.execute(ADD_PASSKEY)

    shown = deployment.command("users", "factors", "ada", "--json")

    assert json.loads(shown.stdout)["factors"] == [
        {
            "kind": "passkey",
            "name": "Laptop",
            "created_at": "2026-01-02T00:00:00.000Z",
            "last_used_at": "2026-01-03T00:00:00.000Z",
            "usable": False,
        }
    ]


async def test_reset_without_confirmation_changes_nothing(deployment: Deployment) -> None:
    await add_user_with_app(deployment)

    done = deployment.command("users", "reset-factors", "ada")

    assert done.returncode == 2
    assert await deployment.rows("SELECT count(*) FROM totp_factors") == [(1,)]


async def test_reset_ends_sessions_and_is_mailed(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    await UserRow.update({UserRow.second_factor_failures: 7}, force=True)
    await mailbox.collect()

    done = await operators.reset_factors(services, await operators.id_of(services, "ada"))

    assert (done.factors_removed, done.sessions_ended) == (1, 1)
    assert await TotpFactorRow.count() == await RecoveryCodeRow.count() == 0
    assert (await mailbox.one()).subject == "Two-step login was reset"
    assert (await audit_actions())[-2:] == ["factor:removed", "factors:reset"]
    actors = AuditLogRow.select(AuditLogRow.actor).where(AuditLogRow.action == "factors:reset")
    assert await actors.output(as_list=True) == ["cli"]
    assert await UserRow.select(UserRow.second_factor_failures).output(as_list=True) == [None]
    assert (await ada.log_in()).status == 200


async def test_reset_of_a_user_without_a_password_also_mails_a_link_to_set_one(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    await UserRow.update({UserRow.hashed_password: "!"}, force=True)
    await mailbox.collect()

    await operators.reset_factors(services, await operators.id_of(services, "ada"))

    assert len(await mailbox.collect()) == 2


async def test_reset_forgets_the_wrong_codes_of_the_removed_factors(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory(is_verified=True)
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada.client = other.client
        seed = await add_totp(other.services, "ada")
        wrong = [(await step_up(ada, method="totp", code=wrong_code(other.services, seed))).code for _ in range(6)]

        await operators.reset_factors(other.services, await operators.id_of(other.services, "ada"))
        await ada.log_in()
        seed = await add_totp(other.services, "ada")
        code = current_code(other.services, seed)

        assert wrong == ["FACTOR_INVALID"] * 5 + ["TOO_MANY_ATTEMPTS"]
        assert (await step_up(ada, method="totp", code=code)).status == 200


async def test_reset_of_a_user_without_factors_changes_nothing(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()
    await deployment.execute(ADD_USER.replace("'2026-01-01 00:00:00+00:00')", "NULL)"))

    reset = deployment.command("users", "reset-factors", "ada", "--yes")
    as_json = deployment.command("users", "reset-factors", "ada", "--yes", "--json")

    assert (reset.returncode, reset.stdout) == (0, "no second factor to remove\n")
    assert json.loads(as_json.stdout) == {"changed": False, "factors_removed": 0, "sessions_ended": 0}
    assert await deployment.rows("SELECT template FROM outbox") == []
