"""The decision whether the sender of a request may use a route, before its body is read."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.authentication.caller import Caller
from auth_api.authentication.errors import SessionRequiredException
from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.access import Access
from auth_api.kit.http.client_ip import Network, is_in
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.sessions.assurance import Level
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sign_in.freshness import Freshness
from auth_api.users.errors import UserNotFoundException


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Decides whether the sender of a request may use a route. Targets of the request are not looked at.

    Attributes:
        networks: from where the admin API can be reached; everywhere if empty.
        freshness: decides about recent proofs of identity.
        needs_second_factor: whether users of the admin API need a second factor.
    """

    networks: Sequence[Network]
    freshness: Freshness
    needs_second_factor: bool

    def check_network(self, access: Access, client_ip: str | None) -> None:
        """Check that the route exists for this client. The first check: it tells others nothing about the route.

        Raises:
            NotFoundException: the route belongs to the admin API, which this network cannot reach.
        """
        if access.is_administrative and self.networks and not is_in(client_ip, self.networks):
            raise NotFoundException

    async def check(self, access: Access, caller: Caller) -> None:
        """Check that an authenticated caller may use the route.

        Raises:
            SessionRequiredException: the caller has an API key, which the route does not accept. A personal one never
                is a recent proof of identity.
            PermissionDeniedException: the caller lacks the permission of the route.
            StepUpRequiredException: the last proof of identity of the user is too weak or too old.
            TokenRevokedException: the user was deleted since the token was checked.
        """
        permission = access.permission
        if caller.key_id is not None:
            is_personal = caller.user is not None
            permission = permission or access.key_permission
            accepts_key = access.accepts_key or (is_personal and access.key_permission is not None)
            if not accepts_key or (is_personal and access.needs_recent_proof):
                raise SessionRequiredException
        if permission is not None and not caller.rights.has(permission):
            raise PermissionDeniedException(permission)
        if (session := caller.session) is None:
            return
        try:
            if access.is_administrative and self.needs_second_factor:
                await self.freshness.require_level(session, Level.AAL2, now=session.now)
            if access.needs_recent_proof:
                await self.freshness.require(session)
        except UserNotFoundException:  # 404 would be about the target of the request
            raise TokenRevokedException from None
