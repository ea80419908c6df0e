"""Minting and spending mailed tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth_api.kit.crypto.tokens import digest, new_token
from auth_api.one_time_tokens import repository
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant, TokenRecord

PREFIX: Final = "ot_"


@dataclass(frozen=True, slots=True)
class OneTimeTokens:
    """Call it in the transaction that does what the token allows; `find` also outside of one."""

    async def issue(self, purpose: Purpose, user_id: int, **payload: object) -> str:
        """Return a new token for an account; where the purpose `supersedes`, the older ones are spent by it.

        Args:
            purpose: what it allows.
            user_id: whose it is.
            payload: what to lay down with it; never a secret.
        """
        if purpose.supersedes:
            await repository.revoke_purpose(user_id, purpose)
        token = new_token(PREFIX)
        await repository.insert(
            token.digest, purpose, user_id=user_id, payload=payload, lifetime=purpose.lifetime.total_seconds()
        )
        return token.raw

    async def stage(self, purpose: Purpose, **payload: object) -> int:
        """Keep what belongs to no account yet, behind a secret that nobody has; `renew` makes one that can be sent."""
        unknown = new_token(PREFIX)
        lifetime = purpose.lifetime.total_seconds()
        return await repository.insert(unknown.digest, purpose, user_id=None, payload=payload, lifetime=lifetime)

    async def renew(self, token_id: int, purpose: Purpose) -> str | None:
        """Return a new secret for what was laid down; the one before it works no more. None if it is used or gone."""
        token = new_token(PREFIX)
        renewed = await repository.replace_hash(token_id, token.digest, lifetime=purpose.lifetime.total_seconds())
        return token.raw if renewed else None

    async def find(self, raw: str, *purposes: Purpose) -> TokenGrant:
        """Return the grant of a token without spending it.

        Args:
            raw: the token.
            purposes: the accepted purposes.

        Raises:
            OneTimeTokenInvalidException: it is unknown, used, expired, or for another purpose.
        """
        grant = _require(await repository.find(digest(raw)))
        if grant.purpose not in purposes:
            raise OneTimeTokenInvalidException
        return grant

    async def redeem(self, purpose: Purpose, raw: str) -> TokenGrant:
        """Use a token up. Of any number of callers exactly one succeeds. What was laid down is not kept any longer.

        Raises:
            OneTimeTokenInvalidException: it is unknown, used, expired, or for another purpose.
        """
        if purpose is Purpose.REGISTRATION:
            return _require(await repository.redeem_and_delete(digest(raw), purpose))
        return _require(await repository.redeem(digest(raw), purpose))

    async def revoke_all(self, user_id: int, *, spare: Sequence[Purpose] = ()) -> None:
        """Revoke all tokens of a user, except those for the purposes to spare."""
        await repository.revoke_all(user_id, spare=spare)

    async def delete_staged(self, purpose: Purpose, email: str) -> None:
        """Forget all that was laid down for an address: one of it was used."""
        await repository.delete_staged(purpose, email)

    async def list_records(self, user_id: int, *, limit: int) -> Sequence[TokenRecord]:
        """Return what is stored about the tokens of a user, newest first."""
        return await repository.list_records(user_id, limit=limit)


def _require(grant: TokenGrant | None) -> TokenGrant:
    if grant is None:
        raise OneTimeTokenInvalidException
    return grant
