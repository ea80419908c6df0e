"""Keeps logins that wait for a second factor, by a token that only the client has."""

from dataclasses import dataclass

from auth_api.kit.crypto.tokens import MFA_TOKEN, digest, new_token
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in import pending_repository
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.sign_in.pending_login import LIFETIME, MAX_ATTEMPTS, PendingLogin, PendingPurpose
from auth_api.sign_in.proof import Proof


@dataclass(frozen=True, slots=True)
class PendingLogins:
    """Logins that wait for a second factor. No session exists before it is proved."""

    async def begin(self, proof: Proof, purpose: PendingPurpose, request_context: RequestContext) -> str:
        """Keep a login inside the transaction that holds the proof of the first factor, and return its token."""
        token = new_token(MFA_TOKEN)
        await pending_repository.insert(
            proof,
            token_hash=token.digest,
            purpose=purpose,
            lifetime=LIFETIME.total_seconds(),
            request_context=request_context,
        )
        return token.raw

    async def find(self, raw: str, purpose: PendingPurpose) -> PendingLogin:
        """Return the login that a token belongs to.

        Raises:
            MfaTokenInvalidException: the token is unknown, used, expired, ended, out of guesses, or of another purpose.
        """
        pending = await pending_repository.find(digest(raw), purpose, max_attempts=MAX_ATTEMPTS)
        if pending is None:
            raise MfaTokenInvalidException
        return pending

    async def count_attempt(self, pending: PendingLogin) -> int:
        """Count a guess before it is checked, and return how many are left after it.

        Call it in a transaction of its own, so that the guess counts whatever happens afterwards.

        Raises:
            MfaTokenInvalidException: the login has ended, or all its guesses are used.
        """
        attempts = await pending_repository.count_attempt(pending.id, maximum=MAX_ATTEMPTS)
        if attempts is None:
            raise MfaTokenInvalidException
        return MAX_ATTEMPTS - attempts

    async def claim(self, pending: PendingLogin) -> None:
        """End a login in the transaction that opens its session, after the row of the user was locked.

        Raises:
            MfaTokenInvalidException: it has ended in the meantime.
        """
        if not await pending_repository.claim(pending.id):
            raise MfaTokenInvalidException

    async def end_all(self, user_id: int) -> None:
        """End all pending logins of a user."""
        await pending_repository.end_all(user_id)
