"""Security notices by mail, and the report of unauthorized access by their link."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory, http_client
from tests.support.actors import Actor
from tests.support.mail_flows import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    report,
    reset,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.rows import age_one_time_tokens, age_sessions, audit_actions, user_rows
from tests.support.secret_recorder import SecretRecorder
from tests.support.statements import recorded

INVALID = (400, "ONE_TIME_TOKEN_INVALID")


@pytest.fixture
async def abroad(app: Litestar, client: httpx.AsyncClient, secret_recorder: SecretRecorder) -> AsyncIterator[Actor]:
    """Ada in a network that she never used before."""
    async with http_client(app, secret_recorder, client_ip="198.51.100.9") as opened:
        yield Actor(opened, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"})


async def subjects(mailbox: Mailbox) -> list[str]:
    return [message.subject for message in await mailbox.collect()]


async def test_login_from_a_new_network_sends_a_notice(
    user_factory: UserFactory, abroad: Actor, mailbox: Mailbox
) -> None:
    await user_factory(is_verified=True)

    await abroad.log_in()

    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("ada@example.com", "New login to your account")
    assert "\nDevice: Firefox on Linux\nIP address: 198.51.100.9\nTime: " in message.text
    assert f"/account/report#token={token_of(message)}" in message.text
    await abroad.log_in()
    assert await mailbox.collect() == []


async def test_login_from_a_known_network_sends_no_notice(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)

    await ada.log_in()

    assert await mailbox.collect() == []


async def test_network_is_new_again_after_30_days(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)

    await age_sessions(days=29)
    await ada.log_in()
    assert await mailbox.collect() == []
    await age_sessions(days=31)
    await ada.log_in()

    assert await subjects(mailbox) == ["New login to your account"]


async def test_notice_is_sent_even_if_all_earlier_sessions_are_removed(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    """An attacker may log in after a year."""
    ada = await user_factory(is_verified=True)
    await ada.log_in()
    await clear_sessions()

    await ada.log_in()

    assert await subjects(mailbox) == ["New login to your account"]


async def clear_sessions() -> None:
    for table in (RefreshTokenRow, SessionRow):
        await table.delete(force=True)


async def test_first_login_of_an_account_sends_no_notice(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)
    await clear_sessions()

    await ada.log_in()

    assert await mailbox.collect() == []


async def test_login_needs_further_statements_only_for_a_notice(
    user_factory: UserFactory, abroad: Actor, services: Services
) -> None:
    ada = await user_factory(is_verified=True)

    with recorded(services.core.database.engine) as usual:
        await ada.log_in()
    with recorded(services.core.database.engine) as news:
        await abroad.log_in()

    assert len(usual) == 5  # look-up, last_login, session, token, history
    assert len(news) == 7  # recipient, mail


async def test_password_change_sends_a_notice(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)

    await change_password(ada, NEW_PASSWORD)

    assert await subjects(mailbox) == ["Your password was changed"]


async def test_reused_refresh_token_sends_a_notice_if_its_successor_was_used(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()

    assert (await ada.try_refresh(stolen)).code == "REFRESH_TOKEN_REUSED"

    message = await mailbox.one()
    assert message.subject == "Someone else may have used your account"
    assert (await report(ada, token_of(message))).status == 200


async def test_reused_refresh_token_with_unused_successor_sends_no_notice(
    user_factory: UserFactory, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    lost = ada.refresh_token
    await ada.refresh()
    await age_sessions(minutes=3)

    assert (await ada.try_refresh(lost)).code == "REFRESH_TOKEN_REUSED"

    assert await mailbox.collect() == []


async def test_account_deletion_sends_a_notice(user_factory: UserFactory, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)

    await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})

    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("ada@example.com", "Your account was deleted")
    assert "Hello ada" in message.text


async def test_notice_is_sent_only_to_the_user(user_factory: UserFactory, abroad: Actor, mailbox: Mailbox) -> None:
    await user_factory(is_verified=True)
    await user_factory(username="bob")

    await abroad.log_in()

    assert [message.recipient for message in await mailbox.collect()] == ["ada@example.com"]


async def test_report_revokes_all_access_and_mails_a_password_reset(
    user_factory: UserFactory, abroad: Actor, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await abroad.log_in()

    response = await report(ada, await mailbox.token())

    assert (response.status, list(response.json)) == (200, ["message"])
    for actor in (ada, abroad):
        assert (await actor.profile()).outcome == (401, "TOKEN_REVOKED")
        assert (await actor.try_refresh()).outcome == (401, "TOKEN_REVOKED")
        assert (await actor.log_in()).outcome == (401, "INVALID_CREDENTIALS")
    assert "sessions:reported" in await audit_actions()
    message = await mailbox.one()
    assert message.subject == "You took your account back: set a new password"
    assert (await reset(ada, token_of(message))).status == 200
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200


async def test_report_token_works_once_within_7_days(
    user_factory: UserFactory, abroad: Actor, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await abroad.log_in()
    token = await mailbox.token()
    await age_one_time_tokens(days=6, hours=23)

    assert (await report(ada, token)).status == 200
    assert (await report(ada, token)).outcome == INVALID


async def test_report_token_expires_after_7_days(user_factory: UserFactory, abroad: Actor, mailbox: Mailbox) -> None:
    ada = await user_factory(is_verified=True)
    await abroad.log_in()
    token = await mailbox.token()
    await age_one_time_tokens(days=7)

    assert (await report(ada, token)).outcome == INVALID
    assert (await ada.profile()).status == 200


async def test_report_token_of_an_earlier_notice_survives_a_password_change(
    user_factory: UserFactory, abroad: Actor, mailbox: Mailbox
) -> None:
    ada = await user_factory(is_verified=True)
    await abroad.log_in()
    earlier = await mailbox.token()
    await change_password(abroad, "Stolen-Horse-6-Battery")
    await mailbox.collect()

    assert (await report(ada, earlier)).status == 200
    assert (await abroad.log_in(password="Stolen-Horse-6-Battery")).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("ended_by", ["reset", "move"])
async def test_report_token_is_revoked_by_proof_of_access_to_the_mailbox(
    user_factory: UserFactory, abroad: Actor, mailbox: Mailbox, ended_by: str
) -> None:
    ada = await user_factory(is_verified=True)
    await abroad.log_in()
    token = await mailbox.token()
    if ended_by == "reset":
        await forgot(ada, ada.email)
        await reset(ada, await mailbox.token())
    else:
        await change_email(ada, "ada@example.org")
        await confirm(ada, await mailbox.token())

    assert (await report(ada, token)).outcome == INVALID


async def test_registration_stores_the_preferred_languages(ada: Actor) -> None:
    ada.headers = {"Accept-Language": "de-AT,de;q=0.9"}

    await ada.register()

    assert await locale_of_ada() == "de-AT,de"


async def locale_of_ada() -> str | None:
    (row,) = await user_rows()
    return row["locale"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", None),
        ("*", None),
        ("de", "de"),
        (" pt-BR ;q=0.8, en", "en,pt-BR"),
        ("gsw, de;q=0.9", "gsw,de"),
        ("de;q=0, *;q=0.5, fr ; q=0.1", "fr"),
        ("de;q=2, fr;level=1, en", "en"),
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7,fr-CH;q=0.6,fr;q=0.5", "de-DE,de,en-US,en,fr-CH,fr"),
        ("zh-Hant-TW,zh-Hant-HK,zh-Hans-CN,ja", "zh-Hant-TW,zh-Hant-HK,zh-Hans-CN,ja"),
        ("zh-Hant-TW,zh-Hant-HK,zh-Hans-CN,ja-JP", "zh-Hant-TW,zh-Hant-HK,zh-Hans-CN"),
        ("../../etc", None),
        ("de_AT", None),
        ("zh-Hant-CN-x-private1-private2-subtag", None),
    ],
)
async def test_preferred_languages_are_stored_as_far_as_they_fit(ada: Actor, header: str, locale: str | None) -> None:
    ada.headers = {"Accept-Language": header}

    await ada.register()

    assert await locale_of_ada() == locale
