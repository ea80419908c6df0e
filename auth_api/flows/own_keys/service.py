"""Creates, lists and revokes the API keys of the user's own account."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.credentials.api_keys.api_key import PROFILE_READ, ApiKey, CreatedKey, KeyOwner, NewKey
from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.events.outbox.service import Outbox
from auth_api.flows.own_keys.mails import KEY_CREATED
from auth_api.kit.db.database import Database
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.permissions import is_administrative
from auth_api.roles.rights import Authority, Rights
from auth_api.roles.service import RoleService
from auth_api.sessions.assurance import Level
from auth_api.sessions.principal import Principal
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy
from auth_api.throttling.creation_limits import CreationLimits
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """The API keys of signed-in users; each change is one transaction with its event and its mail."""

    database: Database
    users: UserService
    roles: RoleService
    api_keys: ApiKeys
    freshness: Freshness
    mfa_policy: MfaPolicy
    limits: CreationLimits
    outbox: Outbox

    async def list(self, user_id: int, request: PageRequest) -> tuple[Sequence[ApiKey], str | None]:
        """Return a page of the keys of a user in any state, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        return await self.api_keys.page(KeyOwner(user_id=user_id), request)

    async def create(
        self,
        principal: Principal,
        *,
        name: str,
        scopes: Sequence[str],
        days: int | None,
        request_context: RequestContext,
    ) -> CreatedKey:
        """Create a key with permissions that the user has.

        Args:
            principal: the caller.
            name: for the list.
            scopes: names of permissions; `profile:read` needs no role.
            days: the lifetime; None for the default.
            request_context: the client of the request.

        Raises:
            ValidationException: a scope is unknown, or the lifetime is too long.
            RankTooLowException: the user lacks one of the permissions.
            StepUpRequiredException: the last proof of identity is too old, or too weak for an administrative scope.
            EmailNotVerifiedException: the e-mail address must be verified first.
            LimitReachedException: the user has as many live keys as allowed.
            RateLimitedException: the user has created too many keys in this hour.
            UserNotFoundException: the user was deleted in the meantime.
            TokenRevokedException: the session has ended in the meantime.
        """
        lifetime = self.api_keys.policy.lifetime(days)

        async def work() -> CreatedKey:
            await self.roles.check_known(scopes, field="scopes")
            await self.freshness.hold(principal, has_password_sent=False)
            rights = await self.roles.rights_of(principal.id)
            Authority(rights=rights).check_rank(Rights.of(scope for scope in scopes if scope != PROFILE_READ))
            if self.mfa_policy.requirement != OPTIONAL and is_administrative(scopes):
                now = await self.freshness.sessions.present_time()
                await self.freshness.require_level(principal, Level.AAL2, now=now)
            user = (await self.users.get_credentials(principal.id)).user
            if self.outbox.is_on and user.email_verified_at is None:
                raise EmailNotVerifiedException
            new = NewKey(name=name, scopes=tuple(scopes), lifetime=lifetime)
            created = await self.api_keys.create(KeyOwner(user_id=principal.id), new, request_context)
            await self.limits.admit_api_key(principal.id)
            await self.outbox.to_user(
                KEY_CREATED, principal.id, request_context, hint=created.key.hint, scopes=created.key.scopes.split()
            )
            return created

        return await self.database.transaction(work)

    async def revoke(self, user_id: int, key_id: int, request_context: RequestContext) -> None:
        """Revoke a key of a user; one that has ended stays as it is.

        Raises:
            KeyNotFoundException: the user has no key with this id.
        """
        await self.api_keys.revoke(KeyOwner(user_id=user_id), key_id, request_context)
