"""Concurrent changes of the second factors of one account."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.kit.crypto.sealing import Sealing, new_data_key, parse_data_key
from auth_api.kit.db.sealed_columns import SealedValue, replace_sealed
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.operations.reencryption.service import Outcome, ReencryptionService
from auth_api.services import Services
from auth_api.sessions import proofs_repository
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp, confirm_totp
from tests.support.factors import add_totp


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address and a session."""
    return await user_factory(is_verified=True)


async def test_one_of_many_confirmations_succeeds(ada: Actor) -> None:
    app = AuthenticatorApp((await begin_totp(ada))["secret"])
    code = app.code()

    outcomes = [each.outcome for each in await asyncio.gather(*(confirm_totp(ada, code) for _ in range(20)))]

    assert outcomes.count((200, "")) == 1
    # The others find another factor, which their token has not proved, or no enrolment.
    assert set(outcomes) <= {(200, ""), (403, "STEP_UP_REQUIRED"), (404, "FACTOR_NOT_FOUND")}
    assert await RecoveryCodeRow.count() == 10
    assert await TotpFactorRow.count() == 1
    assert await TotpCandidateRow.count() == 0


async def test_one_of_many_removals_succeeds(ada: Actor) -> None:
    await add_app(ada)

    removals = (ada.call("DELETE", "/api/user/totp") for _ in range(10))
    outcomes = [each.outcome for each in await asyncio.gather(*removals)]

    assert sorted(set(outcomes)) == [(204, ""), (404, "FACTOR_NOT_FOUND")]
    assert outcomes.count((204, "")) == 1
    assert await RecoveryCodeRow.count() == await TotpFactorRow.count() == 0
    assert (await ada.call("GET", "/api/user/factors"))["two_step"] is False


async def test_concurrent_requests_for_recovery_codes_leave_one_set(ada: Actor) -> None:
    await add_app(ada)

    requests = (ada.call("POST", "/api/user/recovery-codes", json={}) for _ in range(8))
    created = await asyncio.gather(*requests)

    assert {each.status for each in created} == {201}
    assert await RecoveryCodeRow.count() == 10


async def test_changes_of_all_kinds_never_fail_by_a_deadlock(ada: Actor) -> None:
    await add_app(ada)

    changes: list[Callable[[], Awaitable[ApiResponse]]] = [
        partial(ada.call, "POST", "/api/user/totp", json={}),
        partial(ada.call, "POST", "/api/user/recovery-codes", json={}),
        partial(ada.call, "POST", "/api/user/two-step", json={"enabled": True}),
        ada.try_refresh,
        Actor(ada.client).log_in,
        partial(ada.call, "DELETE", "/api/user/totp"),
    ]
    responses = await asyncio.gather(*(change() for change in changes * 3))

    assert {each.status for each in responses} <= {200, 201, 204, 401, 403, 404}
    assert await RecoveryCodeRow.count() == (10 if await TotpFactorRow.count() else 0)
    (row,) = await UserRow.select(UserRow.two_step_since)
    assert (row["two_step_since"] is None) == (await TotpFactorRow.count() == 0)


async def test_seed_of_an_older_key_works_until_and_after_its_re_encryption(
    ada: Actor, app_with: OtherAppFactory
) -> None:
    old, new = new_data_key(), new_data_key()
    async with app_with(DATA_ENCRYPTION_KEYS=old) as first:
        ada.client = first.client
        await add_app(ada)
        begun = await begin_totp(ada)
    async with app_with(DATA_ENCRYPTION_KEYS=f"{new},{old}") as second:
        ada.client = second.client
        assert (await ada.call("GET", "/api/user/factors"))["totp"]["usable"] is True
        counts = await second.services.of(ReencryptionService).reencrypt()
    async with app_with(DATA_ENCRYPTION_KEYS=new) as third:
        ada.client = third.client
        confirmed = await confirm_totp(ada, AuthenticatorApp(begun["secret"]).code())

    assert {label: count[Outcome.REENCRYPTED] for label, count in counts.items()} == {
        "totp_factors.sealed": 1,
        "totp_candidates.sealed": 1,
    }
    assert confirmed.status == 200


async def test_re_encryption_does_not_undo_an_enrolment_that_commits_meanwhile(
    ada: Actor, app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command has read the old seed, and the user confirms a new app before it writes."""
    old, new = new_data_key(), new_data_key()
    async with app_with(DATA_ENCRYPTION_KEYS=old) as first:
        ada.client = first.client
        await add_app(ada)
        begun = await begin_totp(ada)
    (before,) = await TotpFactorRow.select(TotpFactorRow.user_id, TotpFactorRow.sealed)
    async with app_with(DATA_ENCRYPTION_KEYS=f"{new},{old}") as second:
        ada.client = second.client
        app = AuthenticatorApp(begun["secret"])
        assert (await confirm_totp(ada, app.code())).status == 200
        column = next(
            each for each in second.services.of(ReencryptionService).columns if each.label == "totp_factors.sealed"
        )
        resealed = Sealing([parse_data_key(new)]).seal(b"old seed", table="totp", row=before["user_id"])
        stale = SealedValue(row_key=before["user_id"], sealed=before["sealed"])

        assert await replace_sealed(column, stale, resealed) is False
        ada.access_token = ""
        login = await ada.log_in()
        body = {"mfa_token": login["mfa_token"], "method": "totp", "code": app.code()}
        assert (await ada.call("POST", "/api/auth/mfa", token="", json=body)).status == 200


async def test_seed_that_was_copied_from_another_account_is_refused(
    ada: Actor, user_factory: UserFactory, services: Services
) -> None:
    mallory = await user_factory(username="mallory", is_verified=True)
    app, _ = await add_app(mallory)
    await add_totp(services, "ada")
    users = {row["username"]: row["id"] for row in await UserRow.select(UserRow.id, UserRow.username)}
    (copied,) = await TotpFactorRow.select(TotpFactorRow.sealed).where(TotpFactorRow.user_id == users["mallory"])
    await TotpFactorRow.update({TotpFactorRow.sealed: copied["sealed"]}).where(TotpFactorRow.user_id == users["ada"])

    response = await ada.call("POST", "/api/auth/step-up", json={"method": "totp", "code": app.code()})

    assert response.outcome == (400, "FACTOR_INVALID")


async def test_code_works_after_an_outage_during_its_confirmation(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    code = AuthenticatorApp((await begin_totp(ada))["secret"]).code()

    async def fail(*_arguments: object, **_options: object) -> None:
        raise DatabaseUnavailableException

    monkeypatch.setattr(proofs_repository, "record_proof", fail)
    refused = await confirm_totp(ada, code)
    monkeypatch.undo()

    assert refused.outcome == (503, "DATABASE_UNAVAILABLE")
    assert await TotpFactorRow.count() == await RecoveryCodeRow.count() == 0
    assert (await confirm_totp(ada, code)).status == 200
