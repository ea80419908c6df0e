"""Adds, checks and removes authenticator apps."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from loguru import logger

from auth_api.credentials.errors import FactorInvalidException, FactorNotFoundException
from auth_api.credentials.totp import repository
from auth_api.credentials.totp.factor import TotpFactor
from auth_api.kit.clock import Clock
from auth_api.kit.crypto.sealing import SealedValueError, Sealing
from auth_api.kit.crypto.totp import DIGITS, SEED_BYTES, matching_step, new_seed
from auth_api.kit.errors import NotFoundException

CANDIDATE_LIFETIME: Final = timedelta(minutes=10)
"""Time between the display of a seed and the confirmation by a code."""

SEALED_AS: Final = "totp"
"""The name that sealed seeds are bound to, with the id of the user. It must never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpService:
    """Authenticator apps. Call the methods that change something in the transaction of the flow.

    Attributes:
        sealing: encrypts the seeds; None if the server has no key, so that apps cannot be used.
        clock: the time that codes are compared with.
    """

    sealing: Sealing | None
    clock: Clock

    async def find(self, user_id: int) -> TotpFactor | None:
        """Return the app of a user."""
        return await repository.find(user_id)

    def is_usable(self, factor: TotpFactor) -> bool:
        """Return whether one of the keys of this server decrypts the seed."""
        return self._has_key_of(factor.sealed)

    async def usable_by(self, user_ids: Sequence[int]) -> set[int]:
        """Return which of these users have an app that they can use."""
        sealed = await repository.sealed_seeds(user_ids)
        return {user_id for user_id, seed in sealed.items() if self._has_key_of(seed)}

    def require_available(self) -> None:
        """Check that apps can be used.

        Raises:
            NotFoundException: the server has no key to encrypt seeds with.
        """
        if self.sealing is None:
            raise NotFoundException

    async def begin(self, user_id: int, *, binding: str) -> bytes:
        """Return the seed of a new candidate. An earlier candidate is discarded, and an app in use goes on working.

        Args:
            user_id: the user.
            binding: to whom the candidate belongs; `confirm` gets the same.

        Raises:
            NotFoundException: the server has no key to encrypt the seed with.
        """
        if self.sealing is None:
            raise NotFoundException
        seed = new_seed()
        sealed = self.sealing.seal(seed + _binding_digest(binding), table=SEALED_AS, row=user_id)
        await repository.store_candidate(user_id, sealed, lifetime=CANDIDATE_LIFETIME.total_seconds())
        return seed

    async def confirm(self, user_id: int, typed: str, *, binding: str) -> None:
        """Put the candidate into use by a code of it, which counts as used. An app in use before stops working.

        A code is a proof only for those who were shown the seed: others could guess it, and no counter limits that.

        Args:
            user_id: the user.
            typed: the code as the user typed it.
            binding: to whom the candidate must belong.

        Raises:
            NotFoundException: the server has no key to encrypt the seed with.
            FactorNotFoundException: no candidate exists, or it has expired, or it belongs to another session or login.
            FactorInvalidException: the code is not of the candidate, or another candidate took its place.
        """
        if self.sealing is None:
            raise NotFoundException
        sealed = await repository.find_candidate(user_id)
        if sealed is None:
            raise FactorNotFoundException
        opened = self._unseal(user_id, sealed)
        if opened is None:
            raise FactorInvalidException
        seed, digest = opened[:SEED_BYTES], opened[SEED_BYTES:]
        if not hmac.compare_digest(digest, _binding_digest(binding)):
            raise FactorNotFoundException
        step = self._matching_step(seed, typed)
        if step is None or not await repository.claim_candidate(user_id, sealed):
            raise FactorInvalidException
        await repository.store(user_id, self.sealing.seal(seed, table=SEALED_AS, row=user_id), step=step)

    def matching_step(self, user_id: int, factor: TotpFactor, typed: str) -> int | None:
        """Return the time step whose code the user typed; None if it is wrong."""
        seed = self._unseal(user_id, factor.sealed)
        return None if seed is None else self._matching_step(seed, typed)

    async def claim(self, user_id: int, factor: TotpFactor, step: int) -> bool:
        """Use up the code of a step. Return False if it or a later one was used, or if the app was replaced."""
        return await repository.claim_step(user_id, confirmed_at=factor.confirmed_at, step=step)

    async def remove(self, user_id: int) -> bool:
        """Remove the app and the candidate. Return whether there was an app in use."""
        await repository.delete_candidate(user_id)
        return await repository.delete(user_id)

    async def discard_candidate(self, user_id: int) -> None:
        """Discard the candidate of a user, if there is one."""
        await repository.delete_candidate(user_id)

    def _has_key_of(self, sealed: str) -> bool:
        return self.sealing is not None and self.sealing.has_key_of(sealed)

    def _matching_step(self, seed: bytes, typed: str) -> int | None:
        code = typed.replace(" ", "").replace("-", "")
        if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
            return None
        return matching_step(seed, code, self.clock())

    def _unseal(self, user_id: int, sealed: str) -> bytes | None:
        if self.sealing is None:
            return None
        try:
            return self.sealing.unseal(sealed, table=SEALED_AS, row=user_id)
        except SealedValueError:
            logger.bind(event="totp:seed_unreadable", user_id=user_id).error("no key opens the seed of an app")
            return None


def _binding_digest(binding: str) -> bytes:
    """Return what is sealed together with the seed of a candidate."""
    return hashlib.sha256(binding.encode()).digest()
