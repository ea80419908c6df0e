"""A further proof of identity within a session: it becomes the last one, and the response is a new access token."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_api.flows.step_up.service import StepUpService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.access_tokens import AccessTokenClaims
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sessions.tables import SessionRow
from tests.support.actors import PASSWORD, Actor
from tests.support.exposition import Changes
from tests.support.factors import (
    add_recovery_codes,
    current_code,
    step_up,
    wrong_code,
)
from tests.support.interleavings import interleaved
from tests.support.rows import age_sessions, audit_actions
from tests.support.statements import recorded

WRONG = "Not-the-1-password"
NOT_FOUND = (404, "FACTOR_NOT_FOUND")


async def session() -> dict[str, Any]:
    """Return the only session."""
    (row,) = await SessionRow.select()
    return row


def claims_of(services: Services, token: str) -> AccessTokenClaims:
    return services.core.sessions.access_tokens.verify(token)


async def test_password_renews_the_proof_of_the_session(ada: Actor, services: Services) -> None:
    before = await session()

    response = await step_up(ada, method="password", password=PASSWORD)

    after = await session()
    assert response.status == 200
    assert set(response.json) == {"access_token", "token_type", "expires_in", "acr", "amr", "auth_time"}
    assert (response["acr"], response["amr"], response["token_type"]) == ("aal1", ["pwd"], "Bearer")
    assert (after["amr"], after["mfa_at"]) == ("pwd", None)
    assert after["auth_time"] - before["auth_time"] > timedelta(minutes=9)
    assert datetime.fromisoformat(response["auth_time"]).replace(microsecond=0) == after["auth_time"].replace(
        microsecond=0
    )
    claims = claims_of(services, response["access_token"])
    assert (claims.sid, claims.auth_time) == (before["id"], int(after["auth_time"].timestamp()))


async def test_code_raises_the_level_of_the_session(ada: Actor, seed: bytes, services: Services) -> None:
    response = await step_up(ada, method="totp", code=current_code(services, seed))

    after = await session()
    assert (response["acr"], response["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert (after["amr"], after["mfa_at"]) == ("pwd otp", after["auth_time"])
    assert claims_of(services, response["access_token"]).sid == after["id"]


async def test_recovery_code_raises_the_level_and_is_counted(ada: Actor, seed: bytes, services: Services) -> None:
    del seed
    codes = await add_recovery_codes(services, ada.username)

    response = await step_up(ada, method="recovery_code", code=codes[0])

    assert (response["acr"], response["amr"]) == ("aal2", ["pwd", "recovery_code", "mfa"])
    assert response["recovery_codes_left"] == 9
    assert (await audit_actions())[-2:] == ["recovery_code:used", "step_up:succeeded"]


async def test_session_keeps_its_refresh_token_and_three_rotations_keep_the_proof(
    ada: Actor, seed: bytes, services: Services
) -> None:
    stepped_up = await step_up(ada, method="totp", code=current_code(services, seed))
    before = claims_of(services, stepped_up["access_token"])

    for _ in range(3):
        assert (await ada.refresh()).status == 200

    after = claims_of(services, ada.access_token)
    assert (after.sid, after.auth_time) == (before.sid, before.auth_time)
    assert (await session())["amr"] == "pwd otp"


async def test_method_that_is_proved_again_becomes_the_last_one(ada: Actor, seed: bytes, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)
    orders = []

    for fields in (
        {"method": "totp", "code": current_code(services, seed)},
        {"method": "recovery_code", "code": codes[0]},
        {"method": "totp", "code": current_code(services, seed, steps=1)},
    ):
        assert (await step_up(ada, **fields)).status == 200
        orders.append((await session())["amr"])

    assert orders == ["pwd otp", "pwd otp recovery_code", "pwd recovery_code otp"]


async def test_code_makes_a_session_of_yesterdays_passkey_aal2_and_not_phishing_resistant(
    ada: Actor, seed: bytes, services: Services
) -> None:
    await SessionRow.update({SessionRow.amr: "hwk", SessionRow.mfa_at: SessionRow.auth_time}, force=True)
    await age_sessions(days=1)

    response = await step_up(ada, method="totp", code=current_code(services, seed))

    assert (response["acr"], response["amr"]) == ("aal2", ["hwk", "otp", "mfa"])


async def test_password_never_renews_the_level_of_a_passkey(ada: Actor) -> None:
    """It is accepted only after the last passkey was removed, and takes the level away."""
    await SessionRow.update({SessionRow.amr: "hwk", SessionRow.mfa_at: SessionRow.auth_time}, force=True)

    response = await step_up(ada, method="password", password=PASSWORD)

    assert (response["acr"], response["amr"]) == ("aal1", ["hwk", "pwd"])
    assert (await session())["mfa_at"] is None


async def test_token_of_before_the_step_up_gains_nothing_by_it(ada: Actor, seed: bytes, services: Services) -> None:
    """Also if it was issued in the same second as the new one: it states a lower level."""
    await SessionRow.update({SessionRow.auth_time: datetime.now(UTC)}, force=True)
    early = (await ada.refresh())["access_token"]
    late = (await step_up(ada, method="totp", code=current_code(services, seed)))["access_token"]

    body = {"new_email": "ada@example.org"}
    refused = await ada.call("POST", "/api/user/email", token=early, json=body)
    accepted = await ada.call("POST", "/api/user/email", token=late, json=body)

    assert (refused.outcome, refused["methods"], refused["acr_values"]) == (
        (403, "STEP_UP_REQUIRED"),
        ["totp"],
        "aal2",
    )
    assert accepted.status == 202


async def test_proof_is_accepted_for_five_minutes(ada: Actor, seed: bytes, services: Services) -> None:
    body = {"new_email": "ada@example.org"}
    ada.access_token = (await step_up(ada, method="totp", code=current_code(services, seed)))["access_token"]
    await age_sessions(seconds=301)

    assert (await ada.call("POST", "/api/user/email", json=body)).outcome == (403, "STEP_UP_REQUIRED")


async def test_outcomes_of_codes_are_recorded_and_counted(ada: Actor, seed: bytes, services: Services) -> None:
    changes = Changes()

    wrong = await step_up(ada, method="totp", code=wrong_code(services, seed))
    right = await step_up(ada, method="totp", code=current_code(services, seed))

    assert (wrong.outcome, "attempts_left" in wrong.json, right.status) == ((400, "FACTOR_INVALID"), False, 200)
    assert (await audit_actions())[-2:] == ["step_up:failed", "step_up:succeeded"]
    assert changes.of("step_ups_total", method="totp", outcome="invalid") == 1
    assert changes.of("step_ups_total", method="totp", outcome="succeeded") == 1


async def test_one_of_fifty_step_ups_with_the_same_code_succeeds(ada: Actor, seed: bytes, services: Services) -> None:
    code = current_code(services, seed)

    responses = await asyncio.gather(*(step_up(ada, method="totp", code=code) for _ in range(50)))

    assert Counter(response.status for response in responses)[200] == 1


async def test_concurrent_proofs_of_a_session_are_all_kept(ada: Actor, seed: bytes, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)

    responses = await asyncio.gather(
        step_up(ada, method="totp", code=current_code(services, seed)),
        step_up(ada, method="recovery_code", code=codes[0]),
    )

    assert [response.status for response in responses] == [200, 200]
    assert sorted((await session())["amr"].split()) == ["otp", "pwd", "recovery_code"]


async def test_session_that_ends_during_the_step_up_does_not_come_back(
    ada: Actor, seed: bytes, services: Services, engine: str
) -> None:
    """On SQLite the logout waits for the step-up; on PostgreSQL it ends the session before the proof is recorded."""
    with interleaved(services.core.database.engine, after=1) as interleaving:
        stepped_up, logged_out = await interleaving.run(
            lambda: step_up(ada, method="totp", code=current_code(services, seed)), ada.log_out
        )

    assert (stepped_up.status, logged_out.status) == ({"sqlite": 200, "postgres": 401}[engine], 200)
    assert interleaving.deadlocks == []
    assert (await session())["ended_at"] is not None
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")


async def test_session_that_has_ended_gets_no_proof(ada: Actor, services: Services) -> None:
    principal = await services.core.sessions.principal(claims_of(services, ada.access_token))
    await ada.log_out()

    with pytest.raises(TokenRevokedException):
        await services.of(StepUpService).with_password(principal, PASSWORD, RequestContext())

    assert (await session())["amr"] == "pwd"
    assert "step_up:succeeded" not in await audit_actions()


async def test_step_up_takes_six_statements(ada: Actor, seed: bytes, services: Services) -> None:
    """The caller and the app; the user, the claim, the session, and the audit row."""
    with recorded(services.core.database.engine) as statements:
        await step_up(ada, method="totp", code=current_code(services, seed))

    assert [statement.split()[0] for statement in statements] == [
        "SELECT",
        "SELECT",
        "UPDATE",
        "UPDATE",
        "UPDATE",
        "INSERT",
    ]
