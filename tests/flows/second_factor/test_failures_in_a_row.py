"""Wrong second factors in a row: the fifth is reported, and the hundredth takes away what was proved before."""

import asyncio

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.guesses import MAX_FAILURES, NOTIFIED_FAILURES
from tests.support.actors import Actor
from tests.support.factors import (
    add_recovery_codes,
    current_code,
    failures,
    first_step,
    second_step,
    set_failures,
    step_up,
    wrong_code,
)
from tests.support.mail_flows import NEW_PASSWORD, reset
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import audit_actions, user_rows

INVALID = (400, "FACTOR_INVALID")
TOO_MANY = (429, "TOO_MANY_ATTEMPTS")
ENDED = (400, "MFA_TOKEN_INVALID")


async def test_right_second_factor_ends_the_row_of_wrong_ones_and_a_right_password_does_not(
    ada: Actor, seed: bytes, services: Services
) -> None:
    await set_failures(3)

    token = await first_step(ada)
    before = await failures()
    await second_step(ada, token, current_code(services, seed))

    assert (before, await failures()) == (3, None)


async def test_right_recovery_code_ends_the_row_of_wrong_ones(ada: Actor, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)
    await set_failures(3)

    await step_up(ada, method="recovery_code", code=codes[0])

    assert await failures() is None


async def test_fifth_wrong_code_in_a_row_is_reported_once(
    ada: Actor, seed: bytes, services: Services, mailbox: Mailbox
) -> None:
    """Twenty guesses at once, by login and by step-up."""
    tokens, wrong = [await first_step(ada) for _ in range(10)], wrong_code(services, seed)

    await asyncio.gather(
        *(second_step(ada, token, wrong) for token in tokens),
        *(step_up(ada, method="totp", code=wrong) for _ in range(10)),
    )

    assert await failures() == 20
    assert NOTIFIED_FAILURES == 5
    assert [mail.subject for mail in await mailbox.collect()] == ["Wrong codes for your account"]


async def test_hundredth_wrong_code_at_a_login_removes_the_password_and_ends_all_logins(
    ada: Actor, seed: bytes, services: Services, mailbox: Mailbox
) -> None:
    await set_failures(MAX_FAILURES - 1)
    other, token = await first_step(ada), await first_step(ada)

    last = await second_step(ada, token, wrong_code(services, seed))

    (user,) = await user_rows()
    assert last.outcome == INVALID
    assert user["hashed_password"] == UNUSABLE_HASH
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    for ended in (token, other):
        assert (await second_step(ada, ended, current_code(services, seed))).outcome == ENDED
    assert (await audit_actions())[-3:-1] == ["login:second_factor_failed", "password:dropped"]
    assert (await ada.profile()).status == 200
    (mail,) = await mailbox.collect()
    assert mail.subject == "Your password was removed: set a new one"
    assert (await reset(ada, token_of(mail))).status == 200
    ada.password = NEW_PASSWORD
    assert (await second_step(ada, await first_step(ada), current_code(services, seed))).status == 200


async def test_hundredth_wrong_code_acts_once_and_the_count_begins_again(
    ada: Actor, seed: bytes, services: Services, mailbox: Mailbox
) -> None:
    await set_failures(MAX_FAILURES - 10)
    tokens, wrong = [await first_step(ada) for _ in range(10)], wrong_code(services, seed)
    others = [Actor(ada.client, access_token=ada.access_token) for _ in range(10)]

    responses = await asyncio.gather(
        *(second_step(ada, token, wrong) for token in tokens),
        *(step_up(other, method="totp", code=wrong) for other in others),
    )

    counted = sum(response.outcome == INVALID for response in responses)
    actions = await audit_actions()
    acted = actions.count("password:dropped") + actions.count("session:ended_after_guesses")
    assert counted >= 10
    assert acted == 1
    assert await failures() == (counted - 10 or MAX_FAILURES)
    await mailbox.collect()
    assert [mail.subject for mail in mailbox.sent].count("Wrong codes for your account") == (counted >= 15)


async def test_hundredth_wrong_code_at_a_step_up_ends_that_session(
    ada: Actor, seed: bytes, services: Services, mailbox: Mailbox
) -> None:
    await set_failures(MAX_FAILURES - 1)
    logged_in = await second_step(ada, await first_step(ada), current_code(services, seed))
    other = Actor(ada.client, access_token=logged_in["access_token"])
    await set_failures(MAX_FAILURES - 1)

    last = await step_up(other, method="totp", code=wrong_code(services, seed))

    assert last.outcome == INVALID
    assert (await other.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await other.try_refresh(logged_in["refresh_token"])).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).status == 200
    assert (await audit_actions())[-2:] == ["step_up:failed", "session:ended_after_guesses"]
    ended = await SessionRow.select().where(SessionRow.ended_at.is_not_null())
    assert [session["ended_reason"] for session in ended] == ["second_factor_guessed"]
    assert await mailbox.collect() == []
