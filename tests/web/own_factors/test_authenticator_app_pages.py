"""The pages below /account/security/totp."""

import asyncio

from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.factor_pages import APP, CONFIRM_APP, REMOVE_APP, SECURITY, add_app, add_passkey, begin_app, codes_on
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import age_sessions
from tests.support.visitor import COOKIE, Visitor


async def test_first_app_switches_on_two_step_login_and_brings_recovery_codes(visitor: Visitor, ada: Actor) -> None:
    cookie = visitor.client.cookies[COOKIE]
    app, begun = await begin_app(visitor)
    assert 'src="data:image/png;base64,' in begun.response.text

    done = await visitor.submit(begun, CONFIRM_APP, code=app.code())

    assert (done.outcome, len(codes_on(done))) == ((200, "codes", ""), 10)
    assert visitor.client.cookies[COOKIE] == cookie
    assert (await Actor(visitor.client).log_in()).outcome == (403, "MFA_REQUIRED")
    assert (await ada.call("GET", "/api/user/profile")).outcome == (401, "TOKEN_REVOKED")
    overview = await visitor.get(SECURITY, done="added")
    assert REMOVE_APP in overview.reader.links
    assert "10 codes left" in overview.text
    assert "Your account is better protected now." in overview.text
    rows = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.details)
    via_page = {row["action"] for row in rows if '"via":"page"' in str(row["details"]).replace(" ", "")}
    assert {"factor:added", "two_step:enabled"} <= via_page


async def test_secret_and_codes_are_shown_once_and_are_in_no_header(visitor: Visitor) -> None:
    app, begun = await begin_app(visitor)
    refused = await visitor.submit(begun, CONFIRM_APP, code="000000")
    done = await visitor.submit(begun, CONFIRM_APP, code=app.code())
    again = await visitor.follow(await visitor.get(CONFIRM_APP))

    secrets = (app.secret, *codes_on(done))
    for page in (refused, again, await visitor.get(SECURITY), await visitor.get(APP)):
        assert not [secret for secret in secrets if secret in page.response.text]
    for page in (begun, refused, done):
        assert page.response.headers["Cache-Control"] == "no-store"
        assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert not [secret for secret in secrets if secret in str(page.response.headers)]


async def test_wrong_code_is_asked_for_again_and_not_shown_again(visitor: Visitor) -> None:
    app, begun = await begin_app(visitor)

    wrong = await visitor.submit(begun, CONFIRM_APP, code="12345")
    assert wrong.outcome == (422, "app-code", "FACTOR_INVALID")
    assert wrong.form(CONFIRM_APP).fields["code"] == ""
    empty = await visitor.submit(wrong, CONFIRM_APP)
    assert empty.outcome == (422, "app-code", "VALIDATION_ERROR")
    assert empty.field_error("code")
    assert (await visitor.submit(empty, CONFIRM_APP, code=app.code())).outcome == (200, "codes", "")


async def test_app_works_until_the_new_one_is_confirmed_and_only_the_newest_qr_code_counts(visitor: Visitor) -> None:
    await add_app(visitor)
    (before,) = await TotpFactorRow.select()
    first, one_tab = await begin_app(visitor)
    second, other_tab = await begin_app(visitor)

    stale = await visitor.submit(one_tab, CONFIRM_APP, code=first.code())
    assert stale.outcome == (422, "app-code", "FACTOR_INVALID")
    assert await TotpFactorRow.select() == [before]

    replaced = await visitor.submit(other_tab, CONFIRM_APP, code=second.code())
    assert (replaced.status, replaced.location) == (303, f"{SECURITY}?done=added")
    (after,) = await TotpFactorRow.select()
    assert after["sealed"] != before["sealed"]

    late = await visitor.submit(one_tab, CONFIRM_APP, code=first.code())
    assert late.outcome == (404, "security", "FACTOR_NOT_FOUND")
    assert await TotpFactorRow.select() == [after]


async def test_one_of_two_confirmations_at_once_succeeds_and_the_other_leads_on(visitor: Visitor) -> None:
    app, begun = await begin_app(visitor)
    code = app.code()

    pages = await asyncio.gather(*(visitor.submit(begun, CONFIRM_APP, code=code) for _ in range(2)))

    assert min(page.status for page in pages) == 200
    (other,) = [page for page in pages if page.status != 200]
    # It found no app to confirm, or the new app, which its session had not proved when the request began.
    assert other.outcome == (404, "security", "FACTOR_NOT_FOUND") or other.location.startswith("/account/confirm?")
    assert await TotpFactorRow.count() == 1
    assert (await visitor.get(SECURITY)).status == 200


async def test_app_is_removed_after_a_question(visitor: Visitor) -> None:
    assert (await visitor.get(REMOVE_APP)).location == SECURITY
    await add_app(visitor)

    question = await visitor.get(REMOVE_APP)
    assert "two-step login is switched off" in question.text
    assert await TotpFactorRow.count() == 1
    removed = await visitor.submit(question, REMOVE_APP)
    assert (removed.status, removed.location) == (303, f"{SECURITY}?done=removed")
    assert await TotpFactorRow.count() == 0
    assert await UserRow.count().where(UserRow.two_step_since.is_not_null()) == 0

    again = await visitor.submit(question, REMOVE_APP)
    assert again.outcome == (404, "security", "FACTOR_NOT_FOUND")
    assert REMOVE_APP not in again.reader.links


async def test_question_names_only_what_follows(visitor: Visitor) -> None:
    await add_app(visitor)
    await add_passkey(visitor)

    question = await visitor.get(REMOVE_APP)

    assert "two-step login is switched off" not in question.text
    assert "recovery codes stop" not in question.text


async def test_app_needs_a_recent_proof_at_the_beginning_and_only_its_level_at_the_end(visitor: Visitor) -> None:
    app, begun = await begin_app(visitor)
    await age_sessions(minutes=6)

    page = await visitor.get(APP)
    (confirm,) = [link for link in page.reader.links if link.startswith("/account/confirm?")]
    assert confirm == "/account/confirm?acr=aal1&continue=%2Faccount%2Fsecurity%2Ftotp"
    assert not [form for form in page.reader.forms if form.action == APP]
    begin = await visitor.post(APP, {})
    assert (begin.status, begin.location) == (303, confirm)
    assert await TotpCandidateRow.count() == 1
    assert (await visitor.submit(begun, CONFIRM_APP, code=app.code())).outcome == (200, "codes", "")


async def test_app_of_an_unverified_address_is_refused_with_a_way_on(
    visitor: Visitor, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await UserRow.update({UserRow.email_verified_at: None}, force=True)
    async with verifying_app(app_with, mailbox) as other:
        other.client.cookies = visitor.client.cookies
        there = Visitor(other.client)
        page = await there.submit(await there.get(APP), APP)

    assert page.outcome == (403, "email-not-verified", "EMAIL_NOT_VERIFIED")
    assert "/account/email/resend" in [form.action for form in page.reader.forms]


async def test_server_without_keys_has_no_page_that_adds_an_app(app_with: OtherAppFactory) -> None:
    async with app_with(
        ENVIRONMENT="production",
        PUBLIC_URL="https://auth.corp.net",
        JWT_SECRET_KEY="qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2",
    ) as other:
        other.client.base_url = "https://auth.corp.net"
        there = Visitor(other.client)
        assert (await there.get(APP)).status == 404
        assert (await there.get(SECURITY)).location.startswith("/account/login?")


async def test_request_above_the_limit_shows_the_time_to_wait(visitor: Visitor, app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        other.client.cookies = visitor.client.cookies
        there = Visitor(other.client)
        _, begun = await begin_app(there)
        for _ in range(59):
            await there.post(REMOVE_APP, {})
        page = await there.submit(begun, CONFIRM_APP, code="123456")

    assert page.outcome == (429, "app-code", "RATE_LIMITED")
    assert int(page.response.headers["Retry-After"]) > 0
