"""A mailed token works only for the purpose that it was issued for."""

import pytest

from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from tests.support import aged_rows

TOKENS = OneTimeTokens()


@pytest.mark.parametrize("purpose", Purpose)
async def test_token_is_redeemed_only_for_its_purpose(db_session: None, purpose: Purpose) -> None:
    user_id = await aged_rows.add_user("ada")
    token = await TOKENS.issue(purpose, user_id)

    for other in set(Purpose) - {purpose}:
        with pytest.raises(OneTimeTokenInvalidException):
            await TOKENS.find(token, other)
        with pytest.raises(OneTimeTokenInvalidException):
            await TOKENS.redeem(other, token)

    assert (await TOKENS.redeem(purpose, token)).user_id == user_id
