"""Generates, claims and removes recovery codes."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from auth_api.credentials.recovery_codes import repository
from auth_api.credentials.recovery_codes.code_set import RecoveryCodeSet
from auth_api.credentials.recovery_codes.codes import CODES_PER_USER, new_recovery_code, parse_recovery_code
from auth_api.kit.crypto.tokens import digest


class NewRecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes as they are shown to the user once, and the time when they were generated."""

    codes: tuple[str, ...]
    created_at: datetime

    def __repr__(self) -> str:
        """Return a text without the codes."""
        return f"NewRecoveryCodes({self.created_at})"


@dataclass(frozen=True, slots=True)
class RecoveryCodeService:
    """Recovery codes. Call the methods that change something in the transaction of the flow."""

    async def find_set(self, user_id: int) -> RecoveryCodeSet | None:
        """Return how many codes a user has left; None if there are none, not even used ones."""
        return await repository.find_set(user_id)

    async def replace(self, user_id: int) -> NewRecoveryCodes:
        """Generate a set of codes. Earlier codes stop working."""
        await repository.delete_all(user_id)
        codes = tuple(new_recovery_code() for _ in range(CODES_PER_USER))
        created_at = await repository.insert(user_id, [_hash(code) for code in codes])
        return NewRecoveryCodes(codes=codes, created_at=created_at)

    async def claim(self, user_id: int, typed: str) -> bool:
        """Use up a code. Return False if it is wrong or was used before.

        Args:
            user_id: the user.
            typed: the code as the user typed it.
        """
        code = parse_recovery_code(typed)
        return code is not None and await repository.claim(user_id, digest(code))

    async def remove_all(self, user_id: int) -> int:
        """Remove all codes of a user, and return their number."""
        return await repository.delete_all(user_id)


def _hash(code: str) -> str:
    return digest(code.replace("-", ""))
