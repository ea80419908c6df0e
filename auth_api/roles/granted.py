"""The roles of an account, read by the statement that reads the account."""

from typing import Final, Self

import msgspec

from auth_api.roles.rights import Rights

GRANTED: Final = (
    "(SELECT string_agg(roles.name || ' ' || roles.permissions, '|') FROM user_roles "
    "JOIN roles ON roles.id = user_roles.role_id WHERE user_roles.user_id = users.id)"
)
"""SQL expression within a statement on `users`, which `Granted.parse` reads."""

ROLE_NAMES: Final = (
    "(SELECT string_agg(roles.name, ' ') FROM user_roles "
    "JOIN roles ON roles.id = user_roles.role_id WHERE user_roles.user_id = users.id)"
)
"""SQL expression within a statement on `users`: the names in any order, separated by spaces; null without roles."""


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """The roles of an account and the permissions that they contain together."""

    roles: tuple[str, ...] = ()
    rights: Rights = Rights()

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Return what the expression `GRANTED` returned."""
        parts = [part.split() for part in text.split("|")] if text else []
        return cls(
            roles=tuple(sorted(role for role, *_ in parts)),
            rights=Rights.of(permission for _, *permissions in parts for permission in permissions),
        )


def role_names(text: str | None) -> tuple[str, ...]:
    """Return the sorted names that the expression `ROLE_NAMES` returned."""
    return tuple(sorted(text.split())) if text else ()
