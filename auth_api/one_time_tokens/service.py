"""Issues, finds, redeems and revokes one-time tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.kit.crypto.tokens import ONE_TIME_TOKEN, OpaqueToken, digest, new_token
from auth_api.one_time_tokens import repository
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant, TokenRecord


@dataclass(frozen=True, slots=True)
class OneTimeTokens:
    """One-time tokens. Call all methods in the transaction that does what the token allows, except `find`."""

    async def issue(self, purpose: Purpose, user_id: int, **payload: object) -> str:
        """Return a new token of a user. If the purpose `supersedes`, the older tokens are revoked.

        Args:
            purpose: what the token allows.
            user_id: the user it belongs to.
            payload: values to store with it; never a secret.
        """
        token = new_token(ONE_TIME_TOKEN)
        await self._insert(token, purpose, user_id, payload)
        return token.raw

    async def issue_derived(
        self, candidates: Sequence[OpaqueToken], purpose: Purpose, user_id: int, **payload: object
    ) -> str | None:
        """Return the same token of a user at each call, with a new lifetime; None if it has been used or revoked.

        Args:
            candidates: the token that each derivation secret derives, newest secret first.
            purpose: what the token allows.
            user_id: the user it belongs to.
            payload: values to store with it; never a secret.
        """
        if (issued := await self._find_issued(candidates)) is not None:
            return await self._extend(issued, purpose)
        await self._insert(candidates[0], purpose, user_id, payload)
        return candidates[0].raw

    async def stage(self, purpose: Purpose, **payload: object) -> int:
        """Store values that belong to no user yet, and return the id for `assign`, which returns the token to send.

        Until then the digest is that of a random token, which is discarded.
        """
        discarded = new_token(ONE_TIME_TOKEN)
        lifetime = purpose.lifetime.total_seconds()
        return await repository.insert(discarded.digest, purpose, user_id=None, payload=payload, lifetime=lifetime)

    async def discard(self, token_id: int) -> None:
        """Delete staged values for which no token will be sent."""
        await repository.delete(token_id)

    async def assign(self, candidates: Sequence[OpaqueToken], token_id: int, purpose: Purpose) -> str | None:
        """Return the token for staged values as `issue_derived` does; None if it is used or deleted.

        Args:
            candidates: the token that each derivation secret derives, newest secret first.
            token_id: of the staged values.
            purpose: what the token allows.
        """
        if (issued := await self._find_issued(candidates)) is not None:
            return await self._extend(issued, purpose)
        lifetime = purpose.lifetime.total_seconds()
        is_assigned = await repository.replace_hash(token_id, candidates[0].digest, lifetime=lifetime)
        return candidates[0].raw if is_assigned else None

    async def find(self, raw: str, *purposes: Purpose) -> TokenGrant:
        """Return the grant of a token without redeeming it.

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
        """Mark a token used and return its grant; of any number of concurrent callers, only one succeeds.

        The token of a registration is deleted instead, as its payload contains the hash of a password.

        Raises:
            OneTimeTokenInvalidException: it is unknown, used, expired, or for another purpose.
        """
        if purpose is Purpose.REGISTRATION:
            return _require(await repository.redeem_and_delete(digest(raw), purpose))
        return _require(await repository.redeem(digest(raw), purpose))

    async def revoke_all(self, user_id: int, *, kept_purposes: Sequence[Purpose] = ()) -> None:
        """Revoke all tokens of a user, except those for the purposes to keep."""
        await repository.revoke_all(user_id, kept_purposes=kept_purposes)

    async def delete_staged(self, purpose: Purpose, email: str) -> None:
        """Delete all values staged for an e-mail address, after one of its tokens was redeemed."""
        await repository.delete_staged(purpose, email)

    async def list_records(self, user_id: int, *, limit: int) -> Sequence[TokenRecord]:
        """Return what is stored about the tokens of a user, newest first."""
        return await repository.list_records(user_id, limit=limit)

    async def _insert(self, token: OpaqueToken, purpose: Purpose, user_id: int, payload: dict[str, object]) -> None:
        if purpose.supersedes:
            await repository.revoke_purpose(user_id, purpose)
        await repository.insert(
            token.digest, purpose, user_id=user_id, payload=payload, lifetime=purpose.lifetime.total_seconds()
        )

    @staticmethod
    async def _find_issued(candidates: Sequence[OpaqueToken]) -> OpaqueToken | None:
        for token in candidates:
            if await repository.exists(token.digest):
                return token
        return None

    @staticmethod
    async def _extend(token: OpaqueToken, purpose: Purpose) -> str | None:
        is_extended = await repository.extend(token.digest, lifetime=purpose.lifetime.total_seconds())
        return token.raw if is_extended else None


def _require(grant: TokenGrant | None) -> TokenGrant:
    if grant is None:
        raise OneTimeTokenInvalidException
    return grant
