"""Revocation of mailed tokens."""

import pytest

from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from tests.support import aged_rows

PURPOSES = tuple(Purpose)
TOKENS = OneTimeTokens()


async def usable_purposes(tokens: dict[Purpose, str]) -> set[Purpose]:
    usable = set()
    for purpose, token in tokens.items():
        try:
            await TOKENS.find(token, purpose)
        except OneTimeTokenInvalidException:
            continue
        usable.add(purpose)
    return usable


@pytest.mark.parametrize("number", range(len(PURPOSES) + 1))
async def test_revoke_all_keeps_any_number_of_purposes(db_session: None, number: int) -> None:
    ada, eve = await aged_rows.add_user("ada"), await aged_rows.add_user("eve")
    tokens = {purpose: await TOKENS.issue(purpose, ada) for purpose in PURPOSES}
    of_eve = {purpose: await TOKENS.issue(purpose, eve) for purpose in PURPOSES}

    await TOKENS.revoke_all(ada, kept_purposes=PURPOSES[:number])

    assert await usable_purposes(tokens) == set(PURPOSES[:number])
    assert await usable_purposes(of_eve) == set(PURPOSES)
