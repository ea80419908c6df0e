"""Minting and spending mailed tokens."""

from dataclasses import dataclass
from typing import Final

from auth_api.kit.crypto.tokens import digest, new_token
from auth_api.one_time_tokens import repository
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant

PREFIX: Final = "ot_"


@dataclass(frozen=True, slots=True)
class OneTimeTokens:
    """Called inside the transaction of what a token is for, but for `look_at`."""

    async def mint(self, purpose: Purpose, user_id: int, **payload: object) -> str:
        """Return a new token for an account; where the purpose `supersedes`, the older ones are spent by it.

        Args:
            purpose: what it allows.
            user_id: whose it is.
            payload: what to lay down with it; never a secret.
        """
        if purpose.supersedes:
            await repository.spend_purpose(user_id, purpose)
        token = new_token(PREFIX)
        await repository.insert(
            token.digest, purpose, user_id=user_id, payload=payload, lifetime=purpose.lifetime.total_seconds()
        )
        return token.raw

    async def lay_down(self, purpose: Purpose, **payload: object) -> int:
        """Keep what belongs to no account yet, behind a secret that nobody has; `renew` makes one that can be sent."""
        unknown = new_token(PREFIX)
        lifetime = purpose.lifetime.total_seconds()
        return await repository.insert(unknown.digest, purpose, user_id=None, payload=payload, lifetime=lifetime)

    async def renew(self, token_id: int, purpose: Purpose) -> str | None:
        """Return a new secret for what was laid down; the one before it works no more. None if it is used or gone."""
        token = new_token(PREFIX)
        renewed = await repository.replace_hash(token_id, token.digest, lifetime=purpose.lifetime.total_seconds())
        return token.raw if renewed else None

    async def look_at(self, purpose: Purpose, raw: str) -> TokenGrant:
        """Return what a token stands for, without spending it.

        Raises:
            OneTimeTokenInvalidException: it is unknown, used, expired, or for another purpose.
        """
        return _require(await repository.find(digest(raw), purpose))

    async def spend(self, purpose: Purpose, raw: str) -> TokenGrant:
        """Use a token up. Of any number of callers exactly one succeeds.

        Raises:
            OneTimeTokenInvalidException: it is unknown, used, expired, or for another purpose.
        """
        return _require(await repository.spend(digest(raw), purpose))

    async def spend_all(self, user_id: int) -> None:
        """Use all tokens of an account up, but for the way back to an address: who took it over could close that."""
        await repository.spend_all(user_id, keep=Purpose.EMAIL_UNDO)

    async def spend_really_all(self, user_id: int) -> None:
        """Use all tokens of an account up, the ways back included: its owner has taken one."""
        await repository.spend_all(user_id, keep=None)


def _require(grant: TokenGrant | None) -> TokenGrant:
    if grant is None:
        raise OneTimeTokenInvalidException
    return grant
