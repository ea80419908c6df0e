"""Logins with what a provider has proved: whose account it is, and who never gets it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.flows.federation.account_decision import AccountDecision, AccountDecisions
from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.flows.federation.federated_sign_in import MAX_DECISIONS, FederatedSignIn
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.errors import MfaRequiredException
from auth_api.sign_in.service import SignedIn
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowPurpose
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.factors import add_totp, current_code, second_step, switch_two_step_on
from tests.support.identities import add_identity, codes, install_acme, outcome, proved_flow
from tests.support.mailbox import Mailbox
from tests.support.roles import add_role
from tests.support.rows import audit_actions

ADA: dict[str, Any] = {"email": "Ada@Example.com", "is_email_proven": True}


@pytest.fixture
async def other(app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OtherApp]:
    install_acme(monkeypatch)
    async with app_with(mailer=Mailbox()) as opened:
        yield opened


async def log_in(services: Services, flow: Flow) -> Any:
    return await outcome(services.of(FederatedSignIn).log_in(flow, RequestContext()))


async def try_log_in(services: Services, **values: Any) -> Any:
    return await log_in(services, await proved_flow(services, **values))


async def user_id_of(username: str = "ada") -> int:
    (user_id,) = await UserRow.select(UserRow.id).where(UserRow.username == username).output(as_list=True)
    return int(user_id)


async def verify_all() -> None:
    verified: dict[Any, Any] = {UserRow.email_verified_at: UserRow.created_at}
    await UserRow.update(verified, force=True)


async def test_linked_account_is_found_by_issuer_and_subject(other: OtherApp) -> None:
    services, ada = other.services, Actor(other.client)
    await ada.register()
    await verify_all()
    identity = await add_identity(services, await user_id_of(), **ADA)
    logged_in_at_provider = datetime(2026, 1, 1, tzinfo=UTC)

    signed_in = await try_log_in(services, email="new@example.com", auth_time=logged_in_at_provider)

    assert signed_in.user.username == "ada"
    (session,) = await SessionRow.select().where(SessionRow.identity_id == identity.id)
    assert (session["amr"], session["auth_time"]) == ("fed", logged_in_at_provider)
    assert session["created_at"] > logged_in_at_provider
    (row,) = await UserIdentityRow.select()
    assert (row["email"], row["email_verified"], row["last_used_at"] > row["linked_at"]) == (
        "new@example.com",
        False,
        True,
    )
    for values in ({"subject": "8"}, {"issuer": "https://login.example.com/"}):
        assert codes([await try_log_in(services, **ADA, **values)]) == ["IDENTITY_LINK_REQUIRED"]


async def test_identity_follows_its_provider_to_another_id(other: OtherApp) -> None:
    """Otherwise the user could remove the only way to log in."""
    ada = Actor(other.client)
    await ada.register()
    await add_identity(other.services, await user_id_of(), provider="earlier-id")
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)

    assert codes([await try_log_in(other.services)]) == ["ok"]

    (identity,) = (await ada.call("GET", "/api/user/identities"))["items"]
    assert (identity["provider"], identity["removable"]) == ("acme", False)


async def test_unproven_address_never_reaches_an_account(other: OtherApp) -> None:
    services = other.services
    await Actor(other.client).register()
    for _ in range(2):
        for stated in ({"email": "ada@example.com"}, {"email": None}, {"email": "ada@exämple..com"}):
            refused = await try_log_in(services, **stated)
            assert isinstance(refused, SignUpRequiredException)
            assert not refused.suggested.email_verified
        await verify_all()
    assert await UserIdentityRow.count() == 0


async def test_address_of_a_verified_account_requires_a_link(other: OtherApp) -> None:
    services = other.services
    await Actor(other.client).register()
    await verify_all()

    refused = await try_log_in(services, **ADA)

    assert isinstance(refused, IdentityLinkRequiredException)
    assert await UserIdentityRow.count() == 0
    assert await SessionRow.count() == 1
    claimed = await services.core.sign_in_flows.claim_link(refused.link_token, await user_id_of())
    assert claimed.evidence is not None
    assert claimed.evidence["subject"] == "7"


async def test_owner_of_the_address_evicts_a_squatter(other: OtherApp) -> None:
    """Pre-hijacked accounts (MSRC, 2022): the squatter keeps no password, session, token or identity."""
    services, squatter = other.services, Actor(other.client)
    await squatter.register()
    user_id = await user_id_of()
    await add_identity(services, user_id, "squatter", email="squatter@example.com", is_email_proven=True)

    signed_in = await try_log_in(services, **ADA)

    assert isinstance(signed_in, SignedIn)
    assert (signed_in.user.id, signed_in.user.email_verified_at is not None) == (user_id, True)
    (row,) = await UserRow.select(UserRow.hashed_password, UserRow.email)
    assert row == {"hashed_password": UNUSABLE_HASH, "email": "ada@example.com"}
    assert (await squatter.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await squatter.log_in()).status == 401
    assert codes([await try_log_in(services, subject="squatter")]) == ["SIGN_UP_REQUIRED"]
    assert [each["subject"] for each in await UserIdentityRow.select(UserIdentityRow.subject)] == ["7"]
    assert "account:claimed" in await audit_actions()
    assert codes([await try_log_in(services, email=None)]) == ["ok"]


async def test_account_is_claimed_only_where_a_person_could_register(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing: list[dict[str, Any]] = [{"sign_up": False}, {"email_domains": ("staff.example.com",)}]
    for number, settings in enumerate(refusing):
        install_acme(monkeypatch, **settings)
        async with app_with(mailer=Mailbox()) as other:
            ada = Actor(other.client, username=f"ada{number}", email=f"ada{number}@example.com")
            await ada.register()
            refused = await try_log_in(other.services, email=ada.email, is_email_proven=True)
            assert codes([refused]) == ["REGISTRATION_CLOSED"]
            assert (await ada.profile()).status == 200


async def test_own_address_is_verified_by_a_linked_identity_without_an_eviction(other: OtherApp) -> None:
    services, ada = other.services, Actor(other.client)
    await ada.register()
    await add_identity(services, await user_id_of())

    signed_in = await try_log_in(services, **ADA)

    assert signed_in.user.email_verified_at is not None
    assert (await ada.profile())["email_verified"] is True
    assert (await ada.log_in()).status == 200


async def test_provider_gives_roles_only_to_users_with_a_verified_address(other: OtherApp) -> None:
    """The role of a login that verifies the address counts for `MFA_POLICY` at once."""
    services = other.services
    await Actor(other.client).register()
    user_id = await user_id_of()
    await add_identity(services, user_id)
    await add_role("helpers", ())

    for values, roles in (({}, []), (ADA, ["helpers"]), ({}, ["helpers"])):
        assert codes([await try_log_in(services, roles=("helpers",), **values)]) == ["ok"]
        assert (await services.core.roles.names_of([user_id]))[user_id] == roles
    await try_log_in(services, roles=None)
    assert (await services.core.roles.names_of([user_id]))[user_id] == []


async def test_provider_replaces_no_second_factor(other: OtherApp) -> None:
    services, ada = other.services, Actor(other.client)
    await ada.register()
    await verify_all()
    identity = await add_identity(services, await user_id_of())
    seed = await add_totp(services, "ada")
    await switch_two_step_on("ada")
    last_login = await UserRow.select(UserRow.last_login)

    refused = await try_log_in(services)

    assert isinstance(refused, MfaRequiredException)
    assert await UserRow.select(UserRow.last_login) == last_login
    assert await PendingLoginRow.select(PendingLoginRow.identity_id) == [{"identity_id": identity.id}]
    response = await second_step(ada, refused.mfa_token, current_code(services, seed))
    assert response["amr"] == ["fed", "otp", "mfa"]
    assert await SessionRow.count().where(SessionRow.identity_id == identity.id) == 1


async def test_proof_opens_one_session(other: OtherApp) -> None:
    services = other.services
    await Actor(other.client).register()
    await add_identity(services, await user_id_of())
    flow = await proved_flow(services)
    sign_up = await proved_flow(services, subject="stranger")

    outcomes = await asyncio.gather(*(log_in(services, flow) for _ in range(20)))
    offers = await asyncio.gather(*(log_in(services, sign_up) for _ in range(20)))

    assert codes(outcomes) == ["FLOW_INVALID"] * 19 + ["ok"]
    assert codes(offers) == ["FLOW_INVALID"] * 19 + ["SIGN_UP_REQUIRED"]
    assert await SessionRow.count() == 2


async def test_only_flows_that_lead_to_a_session_log_in(other: OtherApp) -> None:
    services = other.services
    await Actor(other.client).register()
    user_id = await user_id_of()
    (session_id,) = await SessionRow.select(SessionRow.id).output(as_list=True)
    await add_identity(services, user_id)

    linking = await proved_flow(services, FlowPurpose.LINK, user_id=user_id, session_id=session_id)

    assert codes([await log_in(services, linking)]) == ["FLOW_INVALID"]
    assert codes([await log_in(services, await proved_flow(services, FlowPurpose.PAGE))]) == ["ok"]


async def test_concurrent_first_logins_of_one_person_claim_one_account(other: OtherApp) -> None:
    services = other.services
    await Actor(other.client).register()
    flows = [await proved_flow(services, **ADA) for _ in range(5)]

    outcomes = await asyncio.gather(*(log_in(services, flow) for flow in flows))

    assert codes(outcomes) == ["ok"] * 5
    assert await UserIdentityRow.count() == 1
    assert (await audit_actions()).count("account:claimed") == 1


class StaleDecisions:
    """Decides as before the account changed, a number of times."""

    def __init__(self, decisions: AccountDecisions, stale: AccountDecision, times: int) -> None:
        self._decisions = decisions
        self._stale = stale
        self._times = times

    async def decide(self, upstream: Any) -> AccountDecision:
        self._times -= 1
        return self._stale if self._times >= 0 else await self._decisions.decide(upstream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decisions, name)


async def test_lost_race_is_decided_again_at_most_three_times(other: OtherApp) -> None:
    """Between the decision to claim the account and its lock, the owner of the account verified the address."""
    services, ada = other.services, Actor(other.client)
    await ada.register()
    sign_in = services.of(FederatedSignIn)
    flow = await proved_flow(services, **ADA)
    stale = await sign_in.decisions.decide(sign_in.uses.upstream_of(flow))
    await verify_all()

    for times, code in ((MAX_DECISIONS, FlowInvalidException), (MAX_DECISIONS - 1, IdentityLinkRequiredException)):
        decisions: Any = StaleDecisions(sign_in.decisions, stale, times)
        refused = await outcome(replace(sign_in, decisions=decisions).log_in(flow, RequestContext()))
        assert isinstance(refused, code)
    assert (await ada.profile()).status == 200
