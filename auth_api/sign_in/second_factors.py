"""The second factors of an account: which of them can be used, and the check of a code."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from auth_api.credentials.errors import FactorNotFoundException
from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.passkeys.passkey import Passkey
from auth_api.credentials.passkeys.service import MAX_PASSKEYS, PasskeyService
from auth_api.credentials.recovery_codes.code_set import RecoveryCodeSet
from auth_api.credentials.recovery_codes.service import RecoveryCodeService
from auth_api.credentials.totp.factor import TotpFactor
from auth_api.credentials.totp.service import TotpService
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import RequestOptions
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Method


class FactorMethod(StrEnum):
    """How a user can prove a second factor, in the order in which clients should offer the methods."""

    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"


class DatedFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor, and since when the account has it.

    Attributes:
        kind: the kind of the factor.
        since: the time when it was added.
        is_usable: whether the user can log in with it.
        passkey_id: the number of a passkey; None for other kinds.
        last_used_at: the time of the last use after it was added; None if there was none.
        name: the name that the user gave it; None if this kind has no names.
    """

    kind: FactorKind
    since: datetime
    is_usable: bool
    passkey_id: int | None = None
    last_used_at: datetime | None = None
    name: str | None = None


class AccountFactors(msgspec.Struct, frozen=True, kw_only=True):
    """The factors of an account.

    Attributes:
        passkeys: the passkeys, usable or not, newest first.
        usable_passkeys: those that the user can log in with.
        totp: the authenticator app; None if there is none.
        recovery_codes: the present set of recovery codes; None if there is none.
        usable: the methods that the user can log in with.
    """

    passkeys: tuple[Passkey, ...] = ()
    usable_passkeys: tuple[Passkey, ...] = ()
    totp: TotpFactor | None
    recovery_codes: RecoveryCodeSet | None
    usable: tuple[FactorMethod, ...]

    @property
    def has_any(self) -> bool:
        """Whether the account has a factor, usable or not. Recovery codes only replace one."""
        return self.totp is not None or bool(self.passkeys)

    @property
    def has_usable(self) -> bool:
        """Whether the account has a factor that it can use. Recovery codes do not count."""
        return any(method is not FactorMethod.RECOVERY_CODE for method in self.usable)

    @property
    def dated(self) -> tuple[DatedFactor, ...]:
        """All factors, usable or not, without recovery codes."""
        passkeys = tuple(
            DatedFactor(
                kind=FactorKind.PASSKEY,
                since=passkey.created_at,
                is_usable=passkey in self.usable_passkeys,
                passkey_id=passkey.id,
                last_used_at=passkey.last_used_at,
                name=passkey.name,
            )
            for passkey in self.passkeys
        )
        if self.totp is None:
            return passkeys
        is_usable = FactorMethod.TOTP in self.usable
        totp = DatedFactor(
            kind=FactorKind.TOTP,
            since=self.totp.confirmed_at,
            is_usable=is_usable,
            last_used_at=self.totp.last_used_at,
        )
        return (*passkeys, totp)


class CheckedFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor that was checked and not yet used up.

    Attributes:
        method: the method, for the claim `amr`.
        claim: uses it up inside the transaction that does what it allows. It returns False if a code is wrong or was
            used before, and raises a PasskeyInvalidException if a passkey was.
    """

    method: Method
    claim: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactors:
    """The second factors of accounts."""

    passkeys: PasskeyService
    totp: TotpService
    recovery_codes: RecoveryCodeService

    async def of_user(self, user_id: int) -> AccountFactors:
        """Return the factors of a user."""
        passkeys = await self.passkeys.of_user(user_id)
        usable_passkeys = tuple(filter(self.passkeys.is_usable, passkeys))
        totp = await self.totp.find(user_id)
        codes = await self.recovery_codes.find_set(user_id)
        is_usable = {
            FactorMethod.PASSKEY: bool(usable_passkeys),
            FactorMethod.TOTP: totp is not None and self.totp.is_usable(totp),
            FactorMethod.RECOVERY_CODE: codes is not None and codes.left > 0,
        }
        return AccountFactors(
            passkeys=passkeys,
            usable_passkeys=usable_passkeys,
            totp=totp,
            recovery_codes=codes,
            usable=tuple(method for method in FactorMethod if is_usable[method]),
        )

    async def usable_kinds(self, user_ids: Sequence[int]) -> dict[int, list[FactorKind]]:
        """Return the kinds of factor that each of these users can use, in as many statements as there are kinds."""
        usable_by = {
            FactorKind.TOTP: await self.totp.usable_by(user_ids),
            FactorKind.PASSKEY: await self.passkeys.usable_by(user_ids),
        }
        return {user_id: [kind for kind in usable_by if user_id in usable_by[kind]] for user_id in user_ids}

    def addable(self, factors: AccountFactors) -> tuple[FactorKind, ...]:
        """Return the kinds of factor that a user with these factors can add. An authenticator app can be replaced."""
        is_addable = {
            FactorKind.PASSKEY: self.passkeys.is_on and len(factors.passkeys) < MAX_PASSKEYS,
            FactorKind.TOTP: self.totp.sealing is not None,
        }
        return tuple(kind for kind in is_addable if is_addable[kind])

    async def check_code(self, user_id: int, method: FactorMethod, typed: str) -> CheckedFactor:
        """Check a code, not within a transaction.

        Args:
            user_id: the user.
            method: the kind of the code.
            typed: the code as the user typed it.

        Raises:
            FactorNotFoundException: the user cannot use this method.
        """
        if method is FactorMethod.RECOVERY_CODE:
            return await self._check_recovery_code(user_id, typed)
        factor = await self.totp.find(user_id)
        if factor is None or not self.totp.is_usable(factor):
            raise FactorNotFoundException
        step = self.totp.matching_step(user_id, factor, typed)

        async def claim() -> bool:
            return step is not None and await self.totp.claim(user_id, factor, step)

        return CheckedFactor(method=Method.TOTP, claim=claim)

    async def usable_passkeys(self, user_id: int) -> tuple[Passkey, ...]:
        """Return the passkeys that the user can use here, newest first.

        Raises:
            FactorNotFoundException: there are none.
        """
        passkeys = tuple(filter(self.passkeys.is_usable, await self.passkeys.of_user(user_id)))
        if not passkeys:
            raise FactorNotFoundException
        return passkeys

    async def passkey_options(self, user_id: int, purpose: ChallengePurpose, *, binding: str) -> RequestOptions:
        """Return the options with which a browser uses a passkey of this user.

        Args:
            user_id: the user.
            purpose: of the use.
            binding: to what the challenge belongs; `check_passkey` gets the same.

        Raises:
            FactorNotFoundException: the user has no passkey that can be used here.
        """
        allowed = await self.usable_passkeys(user_id)
        return self.passkeys.request_options(purpose, allowed=allowed, binding=binding)

    async def check_passkey(
        self,
        user_id: int,
        credential: object,
        purpose: ChallengePurpose,
        *,
        binding: str,
        request_context: RequestContext,
    ) -> CheckedFactor:
        """Check the use of a passkey of this user, not within a transaction.

        Args:
            user_id: the user.
            credential: the JSON value that the browser sent.
            purpose: of the use.
            binding: to what the challenge must belong.
            request_context: the client of the request.

        Raises:
            PasskeyInvalidException: it is not acceptable.
            PasskeyUnknownException: the passkey is not registered.
        """
        checked = await self.passkeys.check(
            credential, purpose, binding=binding, user_id=user_id, request_context=request_context
        )

        async def claim() -> bool:
            await checked.claim()
            return True

        return CheckedFactor(method=checked.passkey.method, claim=claim)

    async def _check_recovery_code(self, user_id: int, typed: str) -> CheckedFactor:
        codes = await self.recovery_codes.find_set(user_id)
        if codes is None or codes.left == 0:
            raise FactorNotFoundException

        async def claim() -> bool:
            return await self.recovery_codes.claim(user_id, typed)

        return CheckedFactor(method=Method.RECOVERY_CODE, claim=claim)
