"""Password reset: the token works once, and all sessions are ended."""

import asyncio

import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.services import Services
from auth_api.users.identifiers import parse_identifier
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.factors import add_recovery_codes, add_totp, switch_two_step_on
from tests.support.mailbox import Mailbox, token_of
from tests.support.passkeys import factors_of, passkey_login, stored_passkey
from tests.support.roles import give_role
from tests.support.rows import age_one_time_tokens, audit_actions

NEW = "Another-Horse-8-Battery"


async def forgot(actor: Actor, mailbox: Mailbox) -> str:
    await actor.call("POST", "/api/auth/password/forgot", token="", json={"email": actor.email})
    return await mailbox.token()


async def reset(actor: Actor, token: str, password: str = NEW) -> ApiResponse:
    return await actor.call(
        "POST", "/api/auth/password/reset", token="", json={"token": token, "new_password": password}
    )


async def test_reset_replaces_the_password(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()

    response = await reset(ada, await forgot(ada, mailbox))

    assert (response.status, response.json) == (200, {"message": "The password has been set. Log in with it."})
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(password=NEW)).status == 200


async def test_reset_ends_all_sessions(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    thief = Actor(ada.client, password=ada.password)
    await thief.log_in()

    await reset(ada, await forgot(ada, mailbox))

    for stranger in (thief, ada):
        assert (await stranger.profile()).outcome == (401, "TOKEN_REVOKED")
        assert (await stranger.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_reset_of_an_unverified_account_removes_all_factors(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """A stranger may have added them while the server sent no mail and needed no verified address for that."""
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    await add_totp(services, ada.username)
    await add_recovery_codes(services, ada.username)
    await switch_two_step_on(ada.username)

    await reset(ada, await forgot(ada, mailbox))

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_UNKNOWN")
    assert (await ada.log_in(password=NEW)).status == 200
    factors = await factors_of(ada)
    assert not any(factors[name] for name in ("two_step", "totp", "passkeys", "recovery_codes"))
    (mail,) = await mailbox.collect()
    assert "keeps" not in mail.text


async def test_reset_of_an_account_with_a_role_keeps_its_factors(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """The account counts as verified: an administrator knows its user."""
    ada = await user_factory()
    await give_role(ada.username, "auditor")
    await add_totp(services, ada.username)

    await reset(ada, await forgot(ada, mailbox))

    await ada.log_in(password=NEW)
    assert (await ada.profile())["email_verified"] is True
    assert (await factors_of(ada))["totp"] is not None


async def test_reset_of_a_verified_account_keeps_its_factors(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    soft = await stored_passkey(services, ada)

    await reset(ada, await forgot(ada, mailbox))

    assert (await passkey_login(ada, soft)).status == 200


async def test_reset_returns_no_tokens(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()

    assert set((await reset(ada, await forgot(ada, mailbox))).json) == {"message"}


async def test_reset_token_is_single_use(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    token = await forgot(ada, mailbox)

    assert (await reset(ada, token)).status == 200
    assert (await reset(ada, token, "Third-Horse-9-Battery")).outcome == (400, "ONE_TIME_TOKEN_INVALID")


async def test_reset_token_is_single_use_under_concurrency(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    token = await forgot(ada, mailbox)
    passwords = [f"Horse-{number}-Battery-Staple" for number in range(20)]

    responses = await asyncio.gather(*(reset(ada, token, password) for password in passwords))

    outcomes = [response.outcome for response in responses]
    assert sorted(outcomes) == [(200, ""), *[(400, "ONE_TIME_TOKEN_INVALID")] * 19]
    (winner,) = [password for password, outcome in zip(passwords, outcomes, strict=True) if outcome == (200, "")]
    assert (await ada.log_in(password=winner)).status == 200


@pytest.mark.parametrize("used", [0, 1], ids=["older", "newer"])
async def test_newer_mail_leaves_the_earlier_token_until_one_is_used(
    user_factory: UserFactory, mailbox: Mailbox, used: int
) -> None:
    """Otherwise a stranger could request mails to revoke the token that the owner has received."""
    ada = await user_factory()
    tokens = [await forgot(ada, mailbox), await forgot(ada, mailbox)]

    assert (await reset(ada, tokens[used])).status == 200
    assert (await reset(ada, tokens[1 - used])).outcome == (400, "ONE_TIME_TOKEN_INVALID")


async def test_reset_token_expires_after_30_minutes(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    token = await forgot(ada, mailbox)

    await age_one_time_tokens(minutes=29)
    assert (await reset(ada, token, "short")).outcome == (400, "WEAK_PASSWORD")  # the token still works
    await age_one_time_tokens(minutes=1)
    assert (await reset(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")


@pytest.mark.parametrize(
    "weak", ["short", "Correct-Horse-7-Lovelace", "no-upper-case-7-letter"], ids=["short", "named", "plain"]
)
async def test_token_still_works_after_a_weak_password(user_factory: UserFactory, mailbox: Mailbox, weak: str) -> None:
    ada = await user_factory(username="lovelace")
    token = await forgot(ada, mailbox)

    response = await reset(ada, token, weak)

    assert response.outcome == (400, "WEAK_PASSWORD")
    assert {error["field"] for error in response["errors"]} == {"new_password"}
    assert (await reset(ada, token, NEW)).status == 200


@pytest.mark.parametrize("token", ["", "ot_", "ot_" + "A" * 43, "rt_" + "A" * 43, "ot_\x00", "ö" * 10])
async def test_unknown_token_is_invalid(user_factory: UserFactory, token: str) -> None:
    ada = await user_factory()

    assert (await reset(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")


async def test_token_of_another_kind_is_invalid(user_factory: UserFactory) -> None:
    ada = await user_factory()

    for other in (ada.refresh_token, ada.access_token):
        assert (await reset(ada, other)).outcome == (400, "ONE_TIME_TOKEN_INVALID")


async def test_reset_lifts_the_throttle_and_verifies_the_email(
    app_with: OtherAppFactory, user_factory: UserFactory, mailbox: Mailbox
) -> None:
    """Wrong passwords of a stranger do not lock the owner out (ASVS 5.0 V6.1.1)."""
    ada = await user_factory()
    async with app_with(
        mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP
    ) as other:
        owner = Actor(other.client, headers={"X-Forwarded-For": "198.51.100.1"})
        for _ in range(6):
            await owner.log_in(password="Wrong-Horse-7-Staple")
        assert (await owner.log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")

        await owner.call("POST", "/api/auth/password/forgot", token="", json={"email": ada.email})
        await other.services.of(Delivery).deliver_all()
        assert (await reset(owner, token_of(mailbox.sent[-1]))).status == 200
        response = await owner.log_in(password=NEW)

    assert response.status == 200
    assert response["user"]["email_verified"] is True


@pytest.mark.parametrize("change", ["disabled", "deleted"])
async def test_reset_fails_for_an_account_disabled_or_deleted_in_the_meantime(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, change: str
) -> None:
    ada = await user_factory()
    token = await forgot(ada, mailbox)
    if change == "disabled":
        await operators.disable(services, "ada")
    else:
        await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})

    assert (await reset(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")


async def test_reset_sends_a_notice_and_writes_audit_rows(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory()
    await reset(ada, await forgot(ada, mailbox))

    notice = await mailbox.one()
    assert (notice.recipient, notice.subject) == ("ada@example.com", "Your password was changed")
    assert (await audit_actions())[-2:] == ["password:reset_requested", "password:reset"]


async def test_concurrent_refresh_keeps_no_session(user_factory: UserFactory, mailbox: Mailbox) -> None:
    for _ in range(5):
        ada = await user_factory()
        ada.password = "Correct-Horse-7-Staple"
        token = await forgot(ada, mailbox)

        refreshed, _ = await asyncio.gather(ada.try_refresh(), reset(ada, token))

        assert refreshed.outcome in {(200, ""), (401, "TOKEN_REVOKED")}
        if refreshed.status == 200:
            assert (await ada.profile(refreshed["access_token"])).outcome == (401, "TOKEN_REVOKED")
            assert (await ada.try_refresh(refreshed["refresh_token"])).outcome == (401, "TOKEN_REVOKED")
        await mailbox.collect()


async def test_concurrent_login_with_the_old_password_fails(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """Its password was checked before the reset, and its session would be opened after it."""
    ada = await user_factory()
    token = await forgot(ada, mailbox)
    found = await services.core.users.find_credentials(parse_identifier(email="ada@example.com", username=None))
    assert found is not None

    await reset(ada, token)

    assert await services.core.users.record_password_login(found, new_hash=None) is None
