"""A right code that is refused for another reason does not count as a wrong one in the throttle of the account."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.sessions import proofs_repository, repository
from auth_api.sign_in.guesses import Guess, SecondFactorGuesses
from auth_api.sign_in.pending_login import MAX_ATTEMPTS
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.throttling import repository as counters
from auth_api.throttling.tables import ThrottleCounterRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.factors import current_code, failures, first_step, second_step, step_up
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox


@pytest.fixture
async def limited(app_with: OtherAppFactory, ada: Actor, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    """An application with the limits of accounts, which she uses; those per IP address are a thousand times higher."""
    async with verifying_app(app_with, mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada.client = other.client
        yield other


async def counted_guesses() -> list[int]:
    """Return the wrong guesses that count: over all networks, then from hers."""
    rows = ThrottleCounterRow.select(ThrottleCounterRow.attempts).where(
        ThrottleCounterRow.key.like("attempts:second:%")
    )
    return [row["attempts"] for row in await rows.order_by(ThrottleCounterRow.key)]


async def fail(*_arguments: object, **_options: object) -> None:
    raise DatabaseUnavailableException


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({UserRow.is_active: False}, (403, "ACCOUNT_DISABLED")),
        ({UserRow.email_verified_at: None}, (403, "EMAIL_NOT_VERIFIED")),
    ],
    ids=["disabled", "not verified"],
)
async def test_right_code_of_a_refused_account_is_not_counted(
    ada: Actor, seed: bytes, limited: OtherApp, change: dict[Any, Any], outcome: tuple[int, str]
) -> None:
    tokens = [await first_step(ada), await first_step(ada)]
    await UserRow.update(change, force=True)

    refused = [
        (await second_step(ada, token, current_code(limited.services, seed))).outcome
        for token in tokens
        for _ in range(4)
    ]

    assert refused == [outcome] * 8
    assert await counted_guesses() == [0, 0]
    assert await failures() is None


async def test_right_code_during_an_outage_is_not_counted(
    ada: Actor, seed: bytes, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, code = await first_step(ada), current_code(limited.services, seed)

    monkeypatch.setattr(repository, "insert_session", fail)
    refused = await second_step(ada, token, code)
    monkeypatch.undo()

    assert refused.outcome == (503, "DATABASE_UNAVAILABLE")
    assert await counted_guesses() == [0, 0]
    assert (await second_step(ada, token, code)).status == 200


async def test_code_that_is_not_checked_is_not_counted(
    ada: Actor, seed: bytes, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other requests use the last guesses of the login up after the look-up."""
    token = await first_step(ada)
    admit = SecondFactorGuesses.admit

    async def admit_meanwhile(self: SecondFactorGuesses, *arguments: Any) -> Guess:
        await PendingLoginRow.update({PendingLoginRow.attempts: MAX_ATTEMPTS}, force=True)
        return await admit(self, *arguments)

    monkeypatch.setattr(SecondFactorGuesses, "admit", admit_meanwhile)
    refused = await second_step(ada, token, current_code(limited.services, seed))

    assert refused.outcome == (400, "MFA_TOKEN_INVALID")
    assert await counted_guesses() == [0, 0]


async def test_right_code_at_a_step_up_during_an_outage_is_not_counted(
    ada: Actor, seed: bytes, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = current_code(limited.services, seed)

    monkeypatch.setattr(proofs_repository, "record_proof", fail)
    refused = await step_up(ada, method="totp", code=code)
    monkeypatch.undo()

    assert refused.outcome == (503, "DATABASE_UNAVAILABLE")
    assert await counted_guesses() == [0, 0]
    assert (await step_up(ada, method="totp", code=code)).status == 200


async def test_guess_stays_counted_if_it_cannot_be_uncounted(
    ada: Actor, seed: bytes, limited: OtherApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs_repository, "record_proof", fail)
    monkeypatch.setattr(counters, "uncount", fail)

    refused = await step_up(ada, method="totp", code=current_code(limited.services, seed))

    assert refused.outcome == (503, "DATABASE_UNAVAILABLE")
    assert await counted_guesses() == [1, 1]
