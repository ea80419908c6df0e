"""The caller of a route that needs a permission: a user with a session, or the holder of an API key."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Self

import msgspec

from auth_api.credentials.api_keys.api_key import PresentedKey
from auth_api.events.audit.actors import service_actor, user_actor
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.roles.rights import Authority, Rights
from auth_api.sessions.principal import GrantedPrincipal
from auth_api.users.user import User

Reload = Callable[[], Awaitable["Caller"]]
"""Returns a caller as of now, inside a transaction."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent a request, and what they may do.

    Attributes:
        user: the user of the session or of the personal API key; None for a service account.
        service_account_id: the service account of the API key.
        key_id: the API key; None for a session.
        session: the session; None for an API key.
        roles: the names of the roles of the user, sorted.
        rights: what the caller may do: for an API key, not more than its scopes.
        now: the time at which all of it was read, by the database's clock.
        needed: the permissions that the request needs.
        reload: reads all of it again; None if it has just been read again.
    """

    user: User | None = None
    service_account_id: int | None = None
    key_id: int | None = None
    session: GrantedPrincipal | None = None
    roles: tuple[str, ...] = ()
    rights: Rights
    now: datetime
    needed: frozenset[str] = frozenset()
    reload: Reload | None = None

    @classmethod
    def of_session(cls, principal: GrantedPrincipal) -> Self:
        """Return the caller that sent an access token."""
        granted = principal.granted
        return cls(
            user=principal.user, session=principal, roles=granted.roles, rights=granted.rights, now=principal.now
        )

    @classmethod
    def of_key(cls, key: PresentedKey) -> Self:
        """Return the caller that sent an API key."""
        return cls(
            user=key.user,
            service_account_id=key.service_account_id,
            key_id=key.id,
            roles=key.granted.roles,
            rights=key.rights,
            now=key.now,
        )

    @property
    def actor(self) -> str:
        """The actor of the request, as the security history names it."""
        if self.user is not None:
            return user_actor(self.user.id)
        return service_actor(self.service_account_id or 0)

    def require(self, permission: str) -> Self:
        """Check that the caller has a permission, and return the caller of a request that needs it.

        Raises:
            PermissionDeniedException: the caller lacks it.
        """
        if not self.rights.has(permission):
            raise PermissionDeniedException(permission)
        return msgspec.structs.replace(self, needed=self.needed | {permission})

    @property
    def authority(self) -> Authority:
        """On whose authority the caller acts."""
        return Authority(
            rights=self.rights,
            user_id=self.user.id if self.user is not None else None,
            confirm=self._confirm if self.reload is not None else None,
        )

    async def _confirm(self) -> Rights:
        """Return the present rights of a caller who still has what the request needs.

        Raises:
            AuthException: the session or the key has ended.
            PermissionDeniedException: the caller has lost a permission that the request needs.
        """
        present = await self.reload() if self.reload is not None else self
        for permission in sorted(self.needed):
            present.require(permission)
        return present.rights
