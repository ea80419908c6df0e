"""FT31, FT32: parallel uses of one proof, and processes that die between the factors of logins."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.conftest import Testbed, now, wait_for_traffic
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp, confirm_totp
from tests.support.factors import first_step, second_step
from tests.support.passkeys import (
    add_passkey,
    login_options,
    new_authenticator,
    send_login,
    send_step_up,
    step_up_options,
)
from tests.support.simulated_users import Simulation
from tests.support.soft_authenticator import SYNCED

pytestmark = [pytest.mark.torture, pytest.mark.slow]

ROUNDS = 20
PARALLEL = 50
ATTEMPTS_PER_LOGIN = 5

Send = Callable[[], Awaitable[ApiResponse]]
Race = Callable[[Actor], Awaitable[list[Send]]]


async def served(send: Send) -> ApiResponse:
    """Send a request, again while the server is too busy, as a client does."""
    async with asyncio.timeout(60):
        while (response := await send()).status == 503:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.05)
    return response


async def same_code(ada: Actor) -> list[Send]:
    """Fifty logins with one code of an app."""
    app, _ = await add_app(ada)
    code = app.code()
    return await logins(ada, lambda token: second_step(ada, token, code))


async def same_recovery_code(ada: Actor) -> list[Send]:
    """Fifty logins with one recovery code."""
    _, confirmed = await add_app(ada)
    code = confirmed["recovery_codes"][0]
    return await logins(ada, lambda token: second_step(ada, token, code, method="recovery_code"))


async def logins(ada: Actor, finish: Callable[[str], Awaitable[ApiResponse]]) -> list[Send]:
    tokens = [await first_step(ada) for _ in range(PARALLEL // ATTEMPTS_PER_LOGIN)]
    return [lambda token=token: finish(token) for token in tokens for _ in range(ATTEMPTS_PER_LOGIN)]  # type: ignore[misc]


async def same_assertion(ada: Actor) -> list[Send]:
    """Fifty logins with one assertion of a passkey."""
    soft = new_authenticator(flags=SYNCED)
    await add_passkey(ada, soft)
    credential = soft.get(await login_options(ada))
    return [lambda: send_login(ada, credential)] * PARALLEL


async def same_proof(ada: Actor) -> list[Send]:
    """Fifty proofs of the identity with one assertion of a passkey."""
    soft = new_authenticator(flags=SYNCED)
    await add_passkey(ada, soft)
    credential = soft.get(await step_up_options(ada))
    return [lambda: send_step_up(ada, credential)] * PARALLEL


async def same_confirmation(ada: Actor) -> list[Send]:
    """Fifty confirmations of one app."""
    code = AuthenticatorApp((await begin_totp(ada))["secret"]).code()
    return [lambda: confirm_totp(ada, code)] * PARALLEL


LOSERS = {"FACTOR_INVALID", "MFA_TOKEN_INVALID", "PASSKEY_INVALID", "FACTOR_NOT_FOUND", "STEP_UP_REQUIRED"}


@pytest.mark.parametrize("race", [same_code, same_recovery_code, same_assertion, same_proof, same_confirmation])
async def test_ft31_one_of_fifty_parallel_uses_succeeds(testbed: Testbed, race: Race) -> None:
    is_login = race in {same_code, same_recovery_code, same_assertion}
    async with testbed.client() as client:
        for number in range(ROUNDS):
            name = f"{race.__name__.replace('same_', '')}{testbed.workers}n{number}"
            ada = Actor(client, username=name, email=f"{name}@example.com")
            assert (await ada.register()).status == 201
            sends = await race(ada)

            responses = await asyncio.gather(*(served(send) for send in sends))

            codes = Counter(response.code for response in responses)
            assert codes.pop("") == 1, codes
            assert set(codes) <= LOSERS
            won = next(response for response in responses if response.status == 200)
            sessions = await ada.call("GET", "/api/user/sessions", token=won["access_token"])
            assert len(sessions["items"]) == (2 if is_login else 1)
    testbed.record("FT31", rounds=ROUNDS, outcome=f"1 of {PARALLEL} succeeds in each of {ROUNDS} rounds")


async def test_ft31_five_of_thirty_parallel_guesses_are_checked(testbed: Testbed) -> None:
    async with testbed.client() as client:
        for number in range(ROUNDS):
            name = f"guess{testbed.workers}n{number}"
            ada = Actor(client, username=name, email=f"{name}@example.com")
            await ada.register()
            _, confirmed = await add_app(ada)
            token = await first_step(ada)

            responses = await asyncio.gather(
                *(served(lambda: second_step(ada, token, "no code")) for _ in range(30))  # noqa: B023 - within the round
            )

            codes = Counter(response.code for response in responses)
            assert set(codes) <= {"FACTOR_INVALID", "MFA_TOKEN_INVALID"}
            assert codes["FACTOR_INVALID"] <= ATTEMPTS_PER_LOGIN
            right = await second_step(ada, token, confirmed["recovery_codes"][0], method="recovery_code")
            assert right.outcome == (400, "MFA_TOKEN_INVALID")
    testbed.record("FT31", rounds=ROUNDS, outcome="at most 5 of 30 guesses are checked")


async def test_ft32_all_processes_are_killed_between_the_factors(testbed: Testbed, simulation: Simulation) -> None:
    """A login goes on where it was, under load, and what was used stays used."""
    worst = 0.0
    async with testbed.client() as client, simulation.running() as observations:
        name = f"between{testbed.workers}"
        ada = Actor(client, username=name, email=f"{name}@example.com")
        await ada.register()
        soft = new_authenticator()
        added = await add_passkey(ada, soft)
        assert (await ada.call("POST", "/api/user/two-step", json={"enabled": True})).status == 200
        for code in added["recovery_codes"][:5]:
            token, options = await first_step(ada), await login_options(ada)
            await wait_for_traffic(simulation, acknowledgements=observations.acknowledged + 20)
            testbed.server.kill()
            begin = now()
            await asyncio.to_thread(testbed.server.start)
            worst = max(worst, now() - begin)
            credential = soft.get(options)

            assert (await second_step(ada, token, code, method="recovery_code")).status == 200
            assert (await send_login(ada, credential)).status == 200
            again = await second_step(ada, await first_step(ada), code, method="recovery_code")
            assert again.outcome == (400, "FACTOR_INVALID")
            assert (await send_login(ada, credential)).outcome == (400, "PASSKEY_INVALID")
        await observations.wait_for_recovery(now(), calm=0.5)

    await testbed.check("FT32", simulation, rounds=5, restart_seconds=round(worst, 2))
