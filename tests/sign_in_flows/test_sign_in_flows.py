"""Sign-ins that lead through another site: each step is possible once, in the same browser, and before its end."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth_api.kit.clock import utc_now
from auth_api.kit.crypto.flow_secrets import FlowSecretsDerivation, challenge_of
from auth_api.kit.crypto.tokens import BROWSER_ID, digest, new_token
from auth_api.services import Services
from auth_api.sign_in_flows.flow import START_LIFETIME, Flow, FlowPurpose, FlowStage
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.sign_in_flows.tables import SignInFlowRow
from tests.support.aged_rows import add_user, ago
from tests.support.sign_in_flows import (
    BROWSER,
    CHALLENGE,
    EVIDENCE,
    RETURN_TO,
    VERIFIER,
    is_invalid,
    prove,
    proved,
    start,
)

OTHER_BROWSER = new_token(BROWSER_ID).raw


@pytest.fixture
def flows(services: Services) -> SignInFlows:
    return services.core.sign_in_flows


async def expire_all() -> None:
    await SignInFlowRow.update({SignInFlowRow.expires_at: ago(seconds=1)}, force=True)


async def test_flow_is_taken_once_by_its_own_browser_and_provider(flows: SignInFlows) -> None:
    state = await start(flows, continue_path="/account/security", requires_new_login=True)

    strangers = [
        await flows.take(state, OTHER_BROWSER, "one"),
        await flows.take(state, BROWSER, "two"),
        await flows.take(f"{state}A", BROWSER, "one"),
    ]
    taken = await asyncio.gather(*(flows.take(state, BROWSER, "one") for _ in range(20)))

    assert strangers == [None] * 3
    (flow,) = (flow for flow in taken if flow is not None)
    assert (flow.stage, flow.purpose, flow.provider) == (FlowStage.TAKEN, FlowPurpose.HAND_OFF, "one")
    assert (flow.return_to, flow.challenge, flow.continue_path) == (RETURN_TO, CHALLENGE, "/account/security")
    assert flow.requires_new_login
    assert abs(utc_now() - flow.created_at) < timedelta(minutes=10)
    assert await flows.find(state, BROWSER) == flow
    assert await flows.find(state, OTHER_BROWSER) is None


async def test_code_works_with_its_verifier_and_purpose_and_once(services: Services, flows: SignInFlows) -> None:
    code = await prove(flows, state := await start(flows))
    found = await flows.find(state, BROWSER)

    refused = [
        flows.find_code(code, "W" * 43),
        flows.find_code(code, VERIFIER, FlowPurpose.LINK),
        flows.find_code(f"{code}A", VERIFIER),
    ]
    assert [await is_invalid(each) for each in refused] == [True] * 3
    flow = await flows.find_code(code, VERIFIER)

    async def claim() -> None:
        await services.core.database.transaction(lambda: flows.claim(flow))

    outcomes = await asyncio.gather(*(claim() for _ in range(20)), return_exceptions=True)

    assert flow == found
    assert (flow.stage, flow.evidence) == (FlowStage.PROVED, EVIDENCE)
    assert outcomes.count(None) == 1
    assert await is_invalid(flows.find_code(code, VERIFIER))
    assert await flows.find(state, BROWSER) is None


async def test_failed_flow_keeps_its_error_and_gives_no_code(flows: SignInFlows) -> None:
    state, secrets = flows.new_state()
    state = await start(flows)
    flow = await flows.take(state, BROWSER, "one")
    assert flow is not None

    await flows.fail(flow, "PROVIDER_DENIED")
    await flows.prove(flow, secrets, EVIDENCE)  # too late

    failed = await flows.find(state, BROWSER)
    assert failed is not None
    assert (failed.stage, failed.error_code, failed.evidence) == (FlowStage.FAILED, "PROVIDER_DENIED", None)
    assert await is_invalid(flows.find_code(secrets.code.raw, VERIFIER))


async def test_result_of_the_provider_is_awaited_for_a_minute(flows: SignInFlows) -> None:
    """If it could not be stored, browsers do not wait longer."""
    await flows.take(await start(flows), BROWSER, "one")

    (row,) = await SignInFlowRow.select(SignInFlowRow.created_at, SignInFlowRow.expires_at)
    assert row["expires_at"] - row["created_at"] < START_LIFETIME


async def test_secrets_are_those_of_the_state_also_after_the_key_was_rotated() -> None:
    before, after = FlowSecretsDerivation([b"old" * 11]), FlowSecretsDerivation([b"new" * 11, b"old" * 11])
    flows = SignInFlows(derivation=before)
    state, secrets = flows.new_state()

    assert after.derive(state, before.newest_key_id) == secrets
    assert after.derive(state, after.newest_key_id) != secrets
    assert FlowSecretsDerivation([b"new" * 11]).derive(state, before.newest_key_id) is None
    assert len({secrets.nonce, secrets.code_verifier, secrets.code.raw.removeprefix("fc_"), state}) == 4
    assert secrets.code_challenge == challenge_of(secrets.code_verifier)
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_tokens_work_once_and_a_link_token_only_for_its_account(services: Services, flows: SignInFlows) -> None:
    ada, eve = await add_user("ada"), await add_user("eve")
    _, flow = await proved(flows)
    sign_up = await flows.offer_sign_up(flow, EVIDENCE)
    link = await flows.offer_link(flow, ada, EVIDENCE)

    assert [await is_invalid(flows.find_sign_up(link)), await is_invalid(flows.claim_link(sign_up, ada))] == [True] * 2
    assert await is_invalid(flows.claim_link(link, eve))
    signing_up = await flows.find_sign_up(sign_up)
    assert (signing_up.provider, signing_up.evidence, signing_up.purpose) == ("one", EVIDENCE, FlowPurpose.HAND_OFF)

    async def in_transaction(work: Any) -> Flow | None:
        result: Flow | None = await services.core.database.transaction(work)
        return result

    sign_ups = await asyncio.gather(
        *(in_transaction(lambda: flows.claim(signing_up)) for _ in range(20)), return_exceptions=True
    )
    links = await asyncio.gather(
        *(in_transaction(lambda: flows.claim_link(link, ada)) for _ in range(20)), return_exceptions=True
    )

    assert sign_ups.count(None) == 1
    (linked,) = (each for each in links if isinstance(each, Flow))
    assert (linked.user_id, linked.evidence) == (ada, EVIDENCE)


async def test_nothing_works_after_its_end(flows: SignInFlows) -> None:
    ada = await add_user("ada")
    state = await start(flows)
    code, flow = await proved(flows)
    sign_up, link = await flows.offer_sign_up(flow, EVIDENCE), await flows.offer_link(flow, ada, EVIDENCE)

    await expire_all()

    assert await flows.take(state, BROWSER, "one") is None
    assert await flows.find(state, BROWSER) is None
    uses = [
        flows.find_code(code, VERIFIER),
        flows.claim(flow),
        flows.find_sign_up(sign_up),
        flows.claim_link(link, ada),
    ]
    assert [await is_invalid(use) for use in uses] == [True] * 4


async def test_hand_off_belongs_to_a_session_and_ends_with_the_flows_of_its_user(flows: SignInFlows) -> None:
    ada, eve = await add_user("ada"), await add_user("eve")
    session_id = uuid4()
    codes = {
        user: await flows.hand_off(user_id=user, session_id=session_id, return_to=RETURN_TO, challenge=CHALLENGE)
        for user in (ada, eve)
    }
    flow = await flows.find_code(codes[ada], VERIFIER)
    assert (flow.user_id, flow.session_id, flow.provider, flow.evidence) == (ada, session_id, None, None)

    await flows.end_all(ada)

    assert await is_invalid(flows.find_code(codes[ada], VERIFIER))
    assert (await flows.find_code(codes[eve], VERIFIER)).user_id == eve


async def test_no_secret_is_stored(flows: SignInFlows) -> None:
    ada = await add_user("ada")
    state = await start(flows)
    code, flow = await proved(flows)
    secrets = flows.secrets_of(flow, state)
    assert secrets is not None
    known = {state, code, secrets.nonce, secrets.code_verifier, BROWSER, VERIFIER}
    known |= {await flows.offer_sign_up(flow, EVIDENCE), await flows.offer_link(flow, ada, EVIDENCE)}

    stored = str(await SignInFlowRow.select(exclude_secrets=False))

    assert [secret for secret in known if secret in stored] == []
    assert digest(state) in stored
