"""Users link their account to accounts at providers, and unlink them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.sign_in_flows.flow import FlowPurpose
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.hand_off import RETURN_TO, new_code
from tests.support.hand_off import VERIFIER as HAND_OFF_VERIFIER
from tests.support.identities import VERIFIER, add_identity, install_acme, link_token, proved_code
from tests.support.mailbox import Mailbox
from tests.support.rows import age_sessions, audit_actions

CHALLENGE = "c" * 43


@pytest.fixture
async def other(app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtherApp]:
    install_acme(monkeypatch)
    async with app_with(mailer=Mailbox()) as opened:
        yield opened


async def person(other: OtherApp, name: str = "ada") -> Actor:
    actor = Actor(other.client, username=name, email=f"{name}@example.com")
    await actor.register()
    verified: dict[Any, Any] = {UserRow.email_verified_at: UserRow.created_at}
    await UserRow.update(verified, force=True)
    await OutboxRow.delete(force=True)
    return actor


async def ids_of(actor: Actor) -> tuple[int, Any]:
    """Return the ids of a user and of the oldest session."""
    user_id = (await actor.profile())["id"]
    sessions = SessionRow.select(SessionRow.id).where(SessionRow.user_id == user_id).order_by(SessionRow.id)
    return user_id, (await sessions.output(as_list=True))[0]


async def code_of(other: OtherApp, actor: Actor, **values: Any) -> str:
    user_id, session_id = await ids_of(actor)
    return await proved_code(other.services, FlowPurpose.LINK, user_id=user_id, session_id=session_id, **values)


async def link(actor: Actor, *, token: str | None = None, **body: str) -> ApiResponse:
    return await actor.call("POST", "/api/user/identities", json=body, token=token)


async def unlink(actor: Actor, identity_id: object) -> tuple[int, str]:
    return (await actor.call("DELETE", f"/api/user/identities/{identity_id}")).outcome


async def start(actor: Actor, **body: str) -> ApiResponse:
    fields = {"provider": "acme", "return_to": RETURN_TO, "code_challenge": CHALLENGE, **body}
    return await actor.call("POST", "/api/user/identities/start", json=fields)


async def drop_password() -> None:
    unusable: dict[Any, Any] = {UserRow.hashed_password: UNUSABLE_HASH}
    await UserRow.update(unusable, force=True)


async def test_code_links_an_identity_once(other: OtherApp) -> None:
    ada = await person(other)
    code = await code_of(other, ada, email="ada@work.example.com")

    linked = await asyncio.gather(*(link(ada, code=code, code_verifier=VERIFIER) for _ in range(20)))

    assert sorted(response.outcome for response in linked) == [(201, "")] + [(400, "FLOW_INVALID")] * 19
    (identity,) = (await ada.call("GET", "/api/user/identities"))["items"]
    assert identity == next(response for response in linked if response.status == 201).json
    assert (identity["provider"], identity["name"], identity["email"], identity["removable"]) == (
        "acme",
        "Acme",
        "ada@work.example.com",
        True,
    )
    assert (await audit_actions()).count("identity:linked") == 1
    assert await OutboxRow.select(OutboxRow.template) == [{"template": "identity_linked"}]
    again = await code_of(other, ada)
    assert (await link(ada, code=again, code_verifier=VERIFIER)).status == 200
    assert await UserIdentityRow.count() == 1


async def test_code_works_only_in_the_session_that_began(other: OtherApp) -> None:
    """Link CSRF (CVE-2015-9284): a flow of another account, session or purpose links nothing, and is not used up."""
    ada, eve = await person(other), await person(other, "eve")
    second = Actor(other.client)
    await second.log_in()
    code = await code_of(other, ada)
    for sent in (
        await link(eve, code=code, code_verifier=VERIFIER),
        await link(second, code=code, code_verifier=VERIFIER),
        await link(ada, code=code, code_verifier="w" * 43),
        await link(ada, code=await proved_code(other.services), code_verifier=VERIFIER),
    ):
        assert sent.outcome == (400, "FLOW_INVALID")
    assert (await link(ada, code=code, code_verifier=VERIFIER)).status == 201


async def test_identity_of_another_user_is_taken(other: OtherApp) -> None:
    ada, eve = await person(other), await person(other, "eve")
    await add_identity(other.services, (await ids_of(eve))[0])

    refused = await link(ada, code=await code_of(other, ada), code_verifier=VERIFIER)

    assert refused.outcome == (409, "IDENTITY_TAKEN")
    assert (await link(ada, link_token=await link_token(other.services, "ada"))).outcome == (409, "IDENTITY_TAKEN")


async def test_link_token_works_once_for_its_account(other: OtherApp) -> None:
    ada, eve = await person(other), await person(other, "eve")
    token = await link_token(other.services, "ada")
    assert (await link(eve, link_token=token)).outcome == (400, "FLOW_INVALID")

    linked = await asyncio.gather(*(link(ada, link_token=token) for _ in range(5)))

    assert sorted(response.outcome for response in linked) == [(201, "")] + [(400, "FLOW_INVALID")] * 4


async def test_request_has_exactly_one_proof(other: OtherApp) -> None:
    ada = await person(other)
    for body, field in (
        ({}, "code"),
        ({"code": "fc_x"}, "code_verifier"),
        ({"code": "fc_x", "code_verifier": VERIFIER, "link_token": "fl_x"}, "link_token"),
    ):
        response = await link(ada, **body)
        assert response.outcome == (400, "VALIDATION_ERROR")
        assert field in [error["field"] for error in response["errors"]]


async def test_ticket_is_bound_to_its_session_and_application(other: OtherApp) -> None:
    ada = await person(other)
    _, session_id = await ids_of(ada)

    started = await start(ada)

    assert (started.status, started["expires_in"]) == (200, 120)
    address = urlsplit(started["start_url"])
    assert (address.path, list(parse_qs(address.query))) == ("/api/auth/providers/acme/start", ["ticket"])
    (row,) = await OneTimeTokenRow.select(OneTimeTokenRow.purpose, OneTimeTokenRow.payload).output(load_json=True)
    assert row == {
        "purpose": "identity_link",
        "payload": {
            "provider": "acme",
            "session_id": str(session_id),
            "return_to": RETURN_TO,
            "challenge": CHALLENGE,
        },
    }
    for body, code in (
        ({"provider": "other"}, "VALIDATION_ERROR"),
        ({"return_to": f"{RETURN_TO}/"}, "RETURN_TO_NOT_ALLOWED"),
        ({"code_challenge": "c" * 42}, "VALIDATION_ERROR"),
        ({"code_challenge_method": "plain"}, "VALIDATION_ERROR"),
    ):
        assert (await start(ada, **body)).outcome == (400, code), body


async def test_changes_need_a_recent_proof_of_identity(other: OtherApp) -> None:
    ada = await person(other)
    identity = await add_identity(other.services, (await ids_of(ada))[0], "8")
    token, code = await link_token(other.services, "ada"), await code_of(other, ada)
    await age_sessions(minutes=6)
    await ada.refresh()

    assert (await start(ada)).outcome == (403, "STEP_UP_REQUIRED")
    assert (await link(ada, link_token=token)).outcome == (403, "STEP_UP_REQUIRED")
    assert await unlink(ada, identity.id) == (403, "STEP_UP_REQUIRED")
    assert (await link(ada, code=code, code_verifier=VERIFIER)).status == 201


async def test_unlinking_ends_what_the_identity_has_opened(other: OtherApp) -> None:
    ada, second, third = await person(other), Actor(other.client), Actor(other.client)
    await second.log_in()
    await third.log_in()
    identity = await add_identity(other.services, (await ids_of(ada))[0])
    sessions = await SessionRow.select(SessionRow.id).order_by(SessionRow.id).output(as_list=True)
    opened: dict[Any, Any] = {SessionRow.identity_id: identity.id}
    await SessionRow.update(opened).where(SessionRow.id.is_in(sessions[:2]))

    assert await unlink(ada, identity.id) == (204, "")

    assert [(await actor.profile()).status for actor in (ada, second, third)] == [200, 401, 200]
    assert (await second.try_refresh(second.refresh_token)).outcome == (401, "TOKEN_REVOKED")
    (ended,) = await SessionRow.select().where(SessionRow.ended_at.is_not_null())
    assert (ended["id"], ended["ended_reason"]) == (sessions[1], "identity_unlinked")
    assert await RefreshTokenRow.count().where(RefreshTokenRow.is_revoked.eq(True)) == 1
    assert await OutboxRow.select(OutboxRow.template) == [{"template": "identity_unlinked"}]
    assert await PendingLoginRow.count() == 0
    assert await unlink(ada, identity.id) == (404, "IDENTITY_NOT_FOUND")


async def test_unlinking_ends_the_sessions_that_continue_one_of_the_identity(other: OtherApp) -> None:
    """That of an application after a hand-off, and the one after a change of the password."""
    stranger, password = await person(other), "Correct-Horse-9-Staple"
    identity = await add_identity(other.services, (await ids_of(stranger))[0])
    await SessionRow.update({SessionRow.identity_id: identity.id}, force=True)
    body = {"current_password": stranger.password, "new_password": password}
    stranger.access_token = (await stranger.call("POST", "/api/user/password", json=body))["access_token"]
    exchange = {"code": await new_code(other.services, stranger.access_token), "code_verifier": HAND_OFF_VERIFIER}
    exchanged = await stranger.call("POST", "/api/auth/exchange", json=exchange)
    application = Actor(other.client, access_token=exchanged["access_token"])
    ada = Actor(other.client, password=password)
    await ada.log_in()

    assert await unlink(ada, identity.id) == (204, "")

    assert [(await actor.profile()).status for actor in (ada, stranger, application)] == [200, 401, 401]


async def test_only_own_identities_can_be_unlinked(other: OtherApp) -> None:
    ada, eve = await person(other), await person(other, "eve")
    identity = await add_identity(other.services, (await ids_of(ada))[0])

    for identity_id in (identity.id, 0, "x", "9" * 40, "-1"):
        assert await unlink(eve, identity_id) == (404, "IDENTITY_NOT_FOUND"), identity_id
    assert await UserIdentityRow.count() == 1


async def test_two_removals_at_once_leave_one_way_to_log_in(other: OtherApp) -> None:
    ada = await person(other)
    user_id, _ = await ids_of(ada)
    identities = [await add_identity(other.services, user_id, subject) for subject in "12"]
    await drop_password()

    outcomes = await asyncio.gather(*(unlink(ada, identity.id) for identity in identities))

    assert sorted(outcomes) == [(204, ""), (409, "LAST_SIGN_IN_METHOD")]
    (left,) = (await ada.call("GET", "/api/user/identities"))["items"]
    assert left["removable"] is False
