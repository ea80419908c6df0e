"""What the acceptance of an invitation does to an account, inside one transaction."""

from dataclasses import dataclass

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.events import InvitationEvent
from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.inviters import Inviters
from auth_api.flows.invitations.metrics import INVITATIONS
from auth_api.kit.db.database import after_commit
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.roles.events import RoleEvent
from auth_api.roles.role import MAX_ROLES_PER_USER
from auth_api.roles.service import RoleService
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import CanonicalUsername
from auth_api.users.service import UserService
from auth_api.users.user import User


class OutdatedDecisionError(Exception):
    """The account or the rights of the inviter changed after the decision on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedAccounts:
    """Gives the roles of an invitation to an account. The account is locked first, then the invitation is used."""

    users: UserService
    email_ownership: EmailOwnership
    roles: RoleService
    inviters: Inviters
    audit: AuditTrail
    access_revocation: AccessRevocation

    async def create(
        self,
        invitation: Invitation,
        *,
        username: CanonicalUsername,
        hashed_password: str,
        request_context: RequestContext,
    ) -> User:
        """Create an account that has verified the invited address.

        Raises:
            DuplicateEmailException: an account has been created with the address.
            DuplicateUsernameException: another user has the username.
            OneTimeTokenInvalidException: the invitation is no longer pending.
        """
        locale = request_context.language or invitation.locale
        created = await self.users.create(
            email=invitation.email, username=username, hashed_password=hashed_password, locale=locale
        )
        await self._use(invitation, created)
        await self.audit.record(AccountEvent.ACCOUNT_REGISTERED, user_id=created.id, request_context=request_context)
        return await self._complete(invitation, created, request_context)

    async def claim(
        self,
        account: User,
        invitation: Invitation,
        *,
        username: CanonicalUsername,
        hashed_password: str,
        request_context: RequestContext,
    ) -> User:
        """Take over an account that was registered with the invited address, without having verified it.

        Another person may have registered, and would keep access to the account ("Pre-hijacked accounts", MSRC, 2022).

        Raises:
            DuplicateUsernameException: another user has the username.
            OneTimeTokenInvalidException: the invitation is no longer pending.
            OutdatedDecisionError: the account has verified an address, or got a role.
        """
        await self._lock(account, is_claimable=True)
        await self._use(invitation, account)
        ended = await self.access_revocation.revoke(
            AccessEvent.EMAIL_VERIFIED, account.id, request_context=request_context
        )
        await self.email_ownership.set_password(account.id, hashed_password)
        await self.audit.record(
            AccountEvent.ACCOUNT_CLAIMED,
            user_id=account.id,
            request_context=request_context,
            sessions_ended=ended,
        )
        await self.users.change_profile(account.id, {"username": username})  # last: it may wait for other users
        return await self._complete(invitation, account, request_context)

    async def add_roles(self, invitation: Invitation, account: User, request_context: RequestContext) -> None:
        """Give the roles to the account that has the invited address.

        Raises:
            LimitReachedException: the account would have too many roles.
            OneTimeTokenInvalidException: the invitation is no longer pending.
            OutdatedDecisionError: the account has another address.
        """
        await self._lock(account, is_claimable=False)
        await self._use(invitation, account)
        await self._complete(invitation, account, request_context)

    async def _lock(self, account: User, *, is_claimable: bool) -> None:
        locked = await self.email_ownership.lock(account.id)
        if locked is None or locked.email != account.email or await self.roles.is_claimable(locked) != is_claimable:
            raise OutdatedDecisionError

    async def _use(self, invitation: Invitation, account: User) -> None:
        if not await repository.accept(invitation.token_hash or "", account.id):
            raise OneTimeTokenInvalidException
        if not await self.inviters.may_give(invitation.invited_by, invitation.roles):
            raise OutdatedDecisionError

    async def _complete(self, invitation: Invitation, account: User, request_context: RequestContext) -> User:
        """Verify the address, give the roles, and return the account as of now."""
        await self.email_ownership.mark_verified(account.id, invitation.email)
        for name in invitation.roles:
            if await self.roles.grant(account.id, await self.roles.find(name), granted_by=invitation.invited_by):
                await self.audit.record(
                    RoleEvent.ROLE_GRANTED, user_id=account.id, request_context=request_context, resource=f"role:{name}"
                )
        if len((await self.roles.names_of([account.id]))[account.id]) > MAX_ROLES_PER_USER:
            raise LimitReachedException
        await self.audit.record(
            InvitationEvent.INVITATION_ACCEPTED,
            user_id=account.id,
            request_context=request_context,
            resource=invitation.resource,
            roles=invitation.roles,
        )
        after_commit(INVITATIONS["accepted"].inc)
        completed = await self.email_ownership.lock(account.id)
        if completed is None:
            raise OutdatedDecisionError
        return completed
