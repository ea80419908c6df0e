"""Find the holder of a token, and decide what it may do at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.kit.crypto.api_keys import API_KEY_PREFIXES
from auth_api.kit.errors import AuthException
from auth_api.roles.rights import Rights
from auth_api.roles.service import RoleService
from auth_api.sessions.access_tokens import MAX_USER_ID
from auth_api.sessions.service import SessionService
from auth_api.users.email_ownership import EmailOwnership


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a token that works, or an active user.

    Attributes:
        user_id: the user; None for a service account.
        service_account_id: the service account of an API key.
        session_id: the session of an access token.
        key_id: the API key.
        expires_at: when the token expires; None for a user, and for an API key that never expires.
        rights: what the holder may do.
    """

    user_id: int | None = None
    service_account_id: int | None = None
    session_id: UUID | None = None
    key_id: int | None = None
    expires_at: datetime | None = None
    rights: Rights


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: the holder, or None if the token or user is not active, and whether each permission is held."""

    holder: Holder | None
    allowed: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCheck:
    """Answers for other services who the holder of a token is, and what it may do. A check does not count as a use."""

    sessions: SessionService
    users: EmailOwnership
    roles: RoleService
    api_keys: ApiKeys

    async def of_token(self, token: str, permissions: Sequence[str]) -> Checked:
        """Check the holder of an access token or API key."""
        find = self._holder_of_key if token.startswith(API_KEY_PREFIXES) else self._holder_of_access_token
        return await self._checked(await find(token), permissions)

    async def of_user(self, user_id: int, permissions: Sequence[str]) -> Checked:
        """Check a user."""
        user = await self.users.find(user_id) if 0 < user_id <= MAX_USER_ID else None
        if user is None or not user.is_active:
            return await self._checked(None, permissions)
        return await self._checked(Holder(user_id=user.id, rights=await self.roles.rights_of(user.id)), permissions)

    async def _holder_of_key(self, key: str) -> Holder | None:
        if (found := await self.api_keys.check(key)) is None:
            return None
        return Holder(
            user_id=None if found.user is None else found.user.id,
            service_account_id=found.service_account_id,
            key_id=found.id,
            expires_at=found.expires_at,
            rights=found.rights,
        )

    async def _holder_of_access_token(self, token: str) -> Holder | None:
        try:
            claims = self.sessions.access_tokens.verify(token)
            principal = await self.sessions.granted_principal(claims)
        except AuthException:
            return None
        return Holder(
            user_id=principal.id,
            session_id=principal.session_id,
            expires_at=datetime.fromtimestamp(claims.exp, UTC),
            rights=principal.granted.rights,
        )

    async def _checked(self, holder: Holder | None, permissions: Sequence[str]) -> Checked:
        held = await self.roles.held(holder.rights) if holder is not None else frozenset()
        return Checked(holder=holder, allowed={name: name in held for name in permissions})
