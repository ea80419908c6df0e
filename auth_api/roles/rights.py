"""What a caller may do, and the rule that no caller can act on more rights than its own."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Self

import msgspec

from auth_api.roles.errors import RankTooLowException, SelfChangeRefusedException
from auth_api.roles.permissions import EVERYTHING


class Rights(msgspec.Struct, frozen=True):
    """A set of permissions; `*` contains all others, and only `*` contains `*`."""

    permissions: frozenset[str] = frozenset()

    @classmethod
    def of(cls, permissions: Iterable[str]) -> Self:
        """Return the rights that consist of these permissions."""
        return cls(frozenset(permissions))

    @property
    def names(self) -> list[str]:
        """The permissions, sorted; only `*` for all of them."""
        return [EVERYTHING] if EVERYTHING in self.permissions else sorted(self.permissions)

    def has(self, permission: str) -> bool:
        """Return whether they contain a permission."""
        return permission in self.permissions or EVERYTHING in self.permissions

    def contains(self, other: "Rights") -> bool:
        """Return whether they contain all permissions of the other ones."""
        return EVERYTHING in self.permissions or other.permissions <= self.permissions

    def missing(self, other: "Rights") -> list[str]:
        """Return which permissions of the other ones they lack, sorted."""
        return [] if self.contains(other) else sorted(other.permissions - self.permissions)

    def union(self, other: "Rights") -> "Rights":
        """Return what either of both contains."""
        return Rights(self.permissions | other.permissions)

    def intersection(self, other: "Rights") -> "Rights":
        """Return what both of them contain."""
        if self.contains(other):
            return other
        return self if other.contains(self) else Rights(self.permissions & other.permissions)


Confirm = Callable[[], Awaitable[Rights]]
"""Returns what a caller may do now, inside the transaction of an act, or refuses the act."""


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """On whose authority an administrative act is done.

    Attributes:
        rights: what the caller may do.
        user_id: the account of the caller; None for service accounts and the command line.
        confirm: reads again what the caller may do; None for the command line.
    """

    rights: Rights
    user_id: int | None = None
    confirm: Confirm | None = None

    async def confirmed(self) -> "Authority":
        """Return the authority as of now, which is at most what it was.

        Call it inside the transaction of each act, after the row of its target is locked. Otherwise a request that a
        dismissed administrator has begun before would take effect after the dismissal.

        Raises:
            AuthException: the caller has lost its session, its key or the permission that the act needs.
        """
        if self.confirm is None:
            return self
        return msgspec.structs.replace(self, rights=self.rights.intersection(await self.confirm()))

    def check_rank(self, at_stake: Rights) -> None:
        """Check that the caller has all rights that an act can take over, give or take away.

        Read the rights at stake inside the transaction of the act, after the row of its target is locked.

        Raises:
            RankTooLowException: the caller lacks one of them.
        """
        if missing := self.rights.missing(at_stake):
            raise RankTooLowException(missing[0])

    def check_other(self, user_id: int) -> None:
        """Check that an act does not concern the caller's own account.

        Raises:
            SelfChangeRefusedException: it does.
        """
        if user_id == self.user_id:
            raise SelfChangeRefusedException


OPERATOR: Final = Authority(rights=Rights.of([EVERYTHING]))
"""The command line, whose user can read the database anyway."""
