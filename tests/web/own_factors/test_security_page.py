"""The page /account/security, and those that switch two-step login or create recovery codes."""

import asyncio

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.factor_pages import (
    APP,
    CONFIRM_APP,
    PASSKEYS,
    RECOVERY_CODES,
    REMOVE_APP,
    REMOVE_PASSKEY,
    SECURITY,
    TWO_STEP,
    add_app,
    add_passkey,
    codes_on,
)
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import age_sessions, audit_actions
from tests.support.visitor import Visitor

QUESTIONS = (TWO_STEP, APP, REMOVE_APP, PASSKEYS, RECOVERY_CODES)
"""The pages of an account with an app and a passkey that ask before a change."""


async def two_step_is_on() -> bool:
    return bool(await UserRow.count().where(UserRow.two_step_since.is_not_null()))


async def test_account_without_factors_is_offered_them(visitor: Visitor) -> None:
    page = await visitor.get(SECURITY)

    assert page.outcome == (200, "security", "")
    assert {APP, PASSKEYS} <= set(page.reader.links)
    assert not {TWO_STEP, RECOVERY_CODES, REMOVE_APP} & set(page.reader.links)
    assert "Off" in page.text
    for question in (TWO_STEP, RECOVERY_CODES, REMOVE_APP, REMOVE_PASSKEY):
        assert (await visitor.get(question)).location == SECURITY


async def test_unknown_outcome_is_not_shown(visitor: Visitor) -> None:
    plain, other = await visitor.get(SECURITY), await visitor.get(SECURITY, done="You have won")

    assert plain.text == other.text


async def test_two_step_login_is_switched_on_and_off_after_a_question(visitor: Visitor, ada: Actor) -> None:
    await add_passkey(visitor)
    assert not await two_step_is_on()

    question = await visitor.get(TWO_STEP)
    assert "logged out on all other devices" in question.text
    for _ in range(2):  # a double click
        switched = await visitor.submit(question, TWO_STEP, enabled="true")
        assert (switched.status, switched.location) == (303, f"{SECURITY}?done=saved")
    assert await two_step_is_on()
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await audit_actions()).count("two_step:enabled") == 1

    question = await visitor.get(TWO_STEP)
    assert "You can still log in with your passkeys." in question.text
    await visitor.submit(question, TWO_STEP, enabled="false")
    assert not await two_step_is_on()
    assert "Your change has been saved." in (await visitor.follow(switched)).text


async def test_switching_off_names_and_removes_the_app(visitor: Visitor) -> None:
    await add_app(visitor)

    question = await visitor.get(TWO_STEP)
    assert "Your authenticator app is removed" in question.text
    assert "Your recovery codes stop working." in question.text
    await visitor.submit(question, TWO_STEP, enabled="false")

    assert not await two_step_is_on()
    assert await TotpFactorRow.count() == await RecoveryCodeRow.count() == 0


async def test_two_step_login_without_a_factor_is_refused_on_the_list(visitor: Visitor) -> None:
    for fields, outcome in {
        ("enabled", "true"): (404, "security", "FACTOR_NOT_FOUND"),
        ("enabled", "maybe"): (422, "security", "VALIDATION_ERROR"),
        ("other", "true"): (422, "security", "VALIDATION_ERROR"),
    }.items():
        page = await visitor.post(TWO_STEP, dict([fields]))
        assert page.outcome == outcome
        assert APP in page.reader.links


async def test_new_recovery_codes_replace_the_earlier_ones(visitor: Visitor) -> None:
    _, first = await add_app(visitor)

    question = await visitor.get(RECOVERY_CODES)
    assert "stop working at once" in question.text
    assert await RecoveryCodeRow.count() == 10
    created = await asyncio.gather(*(visitor.submit(question, RECOVERY_CODES) for _ in range(2)))

    assert {page.outcome for page in created} == {(200, "codes", "")}
    assert len({*codes_on(first), *codes_on(created[0]), *codes_on(created[1])}) == 30
    assert await RecoveryCodeRow.count() == 10
    assert "10 codes left" in (await visitor.get(SECURITY)).text


async def test_codes_can_be_saved_as_a_file_without_script(visitor: Visitor) -> None:
    _, page = await add_app(visitor)

    (file,) = [link for link in page.reader.links if link.startswith("data:")]

    assert file == "data:text/plain;charset=utf-8," + "%0A".join(codes_on(page)) + "%0A"


async def test_every_change_needs_a_recent_proof_and_changes_nothing_without_it(visitor: Visitor) -> None:
    await add_app(visitor)
    await add_passkey(visitor, "Laptop")
    number = (await visitor.get(SECURITY)).response.text.partition("remove?id=")[2].partition('"')[0]
    await age_sessions(minutes=6)
    before = await TotpFactorRow.select(), await RecoveryCodeRow.select(), await UserRow.select()

    for path in (*QUESTIONS, f"{REMOVE_PASSKEY}?id={number}"):
        page = await visitor.get(path)
        way = [link for link in page.reader.links if link.startswith("/account/confirm?acr=aal2&continue=")]
        assert (page.status, len(way)) == (200, 1), path
        assert not [form for form in page.reader.forms if form.action.startswith(SECURITY)], path
    for path, fields in {
        TWO_STEP: {"enabled": "false"},
        APP: {},
        REMOVE_APP: {},
        REMOVE_PASSKEY: {"id": number},
        RECOVERY_CODES: {},
    }.items():
        page = await visitor.post(path, fields)
        assert (page.status, page.location.partition("?")[0]) == (303, "/account/confirm"), path
    assert (await TotpFactorRow.select(), await RecoveryCodeRow.select(), await UserRow.select()) == before
    assert "Laptop" in (await visitor.get(SECURITY)).text


async def test_pages_need_a_session_and_repeat_nothing_after_the_login(visitor: Visitor) -> None:
    await add_app(visitor)
    await SessionRow.delete(force=True)

    for path in (SECURITY, *QUESTIONS, REMOVE_PASSKEY):
        page = await visitor.get(path)
        assert (page.status, page.location.partition("?")[0]) == (303, "/account/login"), path
    for path in (TWO_STEP, APP, CONFIRM_APP, REMOVE_APP, PASSKEYS, REMOVE_PASSKEY, RECOVERY_CODES):
        page = await visitor.post(path, {"enabled": "false", "id": "1", "code": "123456"})
        assert (page.status, page.location.partition("?")[0]) == (303, "/account/login"), path
    assert await TotpFactorRow.count() == 1


async def test_other_sites_change_nothing(visitor: Visitor) -> None:
    await add_app(visitor)

    for path in (TWO_STEP, APP, REMOVE_APP, PASSKEYS, REMOVE_PASSKEY, RECOVERY_CODES):
        page = await visitor.post(path, {"enabled": "false"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert page.outcome == (403, "error", "CROSS_SITE_REQUEST"), path
    assert await two_step_is_on()


async def test_last_factor_that_the_server_requires_stays(
    visitor: Visitor, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await add_app(visitor)
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        other.client.cookies = visitor.client.cookies
        there = Visitor(other.client)
        for question, fields in {REMOVE_APP: {}, TWO_STEP: {"enabled": "false"}}.items():
            page = await there.submit(await there.get(question), question, **fields)
            assert page.outcome == (422, "security", "LAST_FACTOR")
            assert "Add another one before you remove this one." in page.text
            assert PASSKEYS in page.reader.links

    assert await TotpFactorRow.count() == 1
    assert await two_step_is_on()
