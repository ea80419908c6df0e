"""FT33: the database is away between two factors, or between COMMIT and its response."""

import asyncio
from functools import partial

import pytest

from auth_api.kit.crypto.tokens import digest
from tests.faults.conftest import Testbed
from tests.support.actors import Actor
from tests.support.factors import first_step, second_step
from tests.support.passkeys import add_passkey, login_options, new_authenticator, send_login
from tests.support.soft_authenticator import SoftAuthenticator
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.torture, pytest.mark.slow]

UNAVAILABLE = {(503, "DATABASE_UNAVAILABLE"), (503, "CIRCUIT_BREAKER_OPEN")}


async def user_with_two_step(actor: Actor) -> tuple[SoftAuthenticator, list[str]]:
    """Register a user with a passkey and two-step login, and return the passkey and the recovery codes."""
    assert (await actor.register()).status == 201
    soft = new_authenticator()
    added = await add_passkey(actor, soft)
    assert (await actor.call("POST", "/api/user/two-step", json={"enabled": True})).status == 200
    return soft, added["recovery_codes"]


async def sessions_of(actor: Actor) -> int:
    return len((await actor.call("GET", "/api/user/sessions"))["items"])


async def test_ft33_login_goes_on_after_the_database_was_killed(testbed: Testbed) -> None:
    async with testbed.client() as client:
        name = f"away{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        soft, codes = await user_with_two_step(ada)
        token, credential = await first_step(ada), soft.get(await login_options(ada))
        await asyncio.to_thread(testbed.database.kill)
        refused = [
            await second_step(ada, token, codes[0], method="recovery_code"),
            await send_login(ada, credential),
        ]
        await asyncio.to_thread(testbed.database.start)
        await asyncio.to_thread(wait_until, testbed.is_ready)

        assert {response.outcome for response in refused} <= UNAVAILABLE
        assert (await second_step(ada, token, codes[0], method="recovery_code")).status == 200
        assert (await send_login(ada, credential)).status == 200
        assert await sessions_of(ada) == 3
    testbed.record("FT33", outcome="away between the factors: 503, then the same proof succeeds")


async def test_ft33_proof_is_not_used_up_if_its_transaction_is_lost(testbed: Testbed) -> None:
    """The connection is cut when the code has been claimed, and all processes are killed before the response."""
    async with testbed.client() as client:
        name = f"lost{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        _, codes = await user_with_two_step(ada)
        token = await first_step(ada)
        claimed = digest(codes[0].replace("-", "")).encode()  # an argument of the statement that claims it
        testbed.network.cut_after = claimed
        refused = await second_step(ada, token, codes[0], method="recovery_code")
        testbed.network.cut_after = None
        testbed.server.kill()
        await asyncio.to_thread(testbed.server.start)
        await asyncio.to_thread(wait_until, testbed.is_ready)

        assert refused.outcome in UNAVAILABLE
        assert (await second_step(ada, token, codes[0], method="recovery_code")).status == 200
        assert await sessions_of(ada) == 2
    testbed.record("FT33", outcome="cut before COMMIT: 503, then the same proof succeeds")


async def test_ft33_login_with_a_lost_commit_response_is_complete(testbed: Testbed) -> None:
    """The session exists, and the proof is used up: the next login needs another one."""
    async with testbed.client() as client:
        name = f"committed{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        soft, codes = await user_with_two_step(ada)
        token, credential = await first_step(ada), soft.get(await login_options(ada))
        outcomes = []
        for send in (
            partial(second_step, ada, token, codes[0], method="recovery_code"),
            partial(send_login, ada, credential),
        ):
            testbed.network.cut_after = b"COMMIT"
            outcomes.append((await send()).outcome)
            testbed.network.cut_after = None
            await asyncio.to_thread(wait_until, testbed.is_ready)
            outcomes.append((await send()).outcome)

        assert outcomes[0] in UNAVAILABLE
        assert outcomes[2] in UNAVAILABLE
        assert outcomes[1::2] == [(400, "MFA_TOKEN_INVALID"), (400, "PASSKEY_INVALID")]
        assert await sessions_of(ada) == 3
        used = await second_step(ada, await first_step(ada), codes[0], method="recovery_code")
        other = await second_step(ada, await first_step(ada), codes[1], method="recovery_code")
        assert (used.outcome, other.status) == ((400, "FACTOR_INVALID"), 200)
    testbed.record("FT33", outcome="cut after COMMIT: 503, the session exists, the next login needs another proof")
