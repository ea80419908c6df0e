"""Accept invitations. The token proves that its holder reads the mail of the invited address."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.errors import AccountExistsException
from auth_api.flows.invitations.events import InvitationEvent
from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.invited_accounts import InvitedAccounts, OutdatedDecisionError
from auth_api.flows.invitations.inviters import Inviters
from auth_api.flows.invitations.metrics import INVITATIONS
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.db.database import Database, after_commit
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.roles.permissions import is_administrative
from auth_api.roles.service import RoleService
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.principal import Principal
from auth_api.sign_in.proof import AMR_PASSWORD, Proof
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import DuplicateEmailException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.password_rules import PasswordRules
from auth_api.users.user import User


class InvitationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder of a token may know before the invitation is accepted.

    Attributes:
        invited_by: username of the inviter; None for a service account and the command line.
        account_exists: whether only a session of the account of this address can accept it.
    """

    email: CanonicalEmail
    roles: tuple[str, ...]
    invited_by: str | None
    account_exists: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAcceptance:
    """Accepts invitations, by the first of these rules that applies.

    1. The token is unknown, used, expired, revoked, or replaced by that of a later mail: it is invalid.
    2. The inviter has lost what the invitation gives: the invitation ends.
    3. The address belongs to an account that has verified it or holds a role: only its own session can accept.
    4. The address belongs to another account, which a stranger may have registered with it. The account is
       claimed, as in `VerificationService.verify`, and gets the username and the password of the request.
    5. The address belongs to no account: one is created with a verified address.
    """

    database: Database
    email_ownership: EmailOwnership
    roles: RoleService
    inviters: Inviters
    accounts: InvitedAccounts
    sign_in: SignIn
    audit: AuditTrail
    hasher: PasswordHasher
    password_rules: PasswordRules

    async def preview(self, token: str) -> InvitationPreview:
        """Return what a token is for. Nothing changes.

        Raises:
            OneTimeTokenInvalidException: the invitation cannot be accepted with it.
        """
        invitation = await self._find(token)
        if not await self.inviters.may_give(invitation.invited_by, invitation.roles):
            raise OneTimeTokenInvalidException
        account = await self.email_ownership.find_by_email(invitation.email)
        return InvitationPreview(
            email=invitation.email,
            roles=invitation.roles,
            invited_by=await self.inviters.username(invitation.invited_by),
            account_exists=account is not None and not await self.roles.is_claimable(account),
            expires_at=invitation.expires_at,
        )

    async def accept(  # noqa: PLR0913 - the token, the caller, the fields of the form, and the client
        self,
        token: str,
        principal: Principal | None,
        *,
        username: CanonicalUsername | None,
        password: str | None,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> SignedIn | None:
        """Accept an invitation once: give its roles to the caller's account, or make an account and log it in.

        Args:
            token: from the mail.
            principal: the caller's session; it counts only if it is that of the invited address.
            username: for an account that is created or claimed.
            password: for the same; not checked yet.
            request_context: of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Returns:
            The session; None if the roles were added to the account of the caller.

        Raises:
            OneTimeTokenInvalidException: the invitation cannot be accepted with this token.
            AccountExistsException: only a session of the account that has the address can. The token still works.
            ValidationException: the username or the password is missing. The token still works.
            WeakPasswordException: the password breaks the password rules. The token still works.
            DuplicateUsernameException: another user has the username. The token still works.
            LimitReachedException: the account would have too many roles. The token still works.
            AccountDisabledException: the account with the unverified address is disabled. The token still works.
            MfaEnrolmentRequiredException: the user must add a second factor to log in. The invitation is accepted.
            ServerOverloadedException: too many hashes are waiting.
        """
        invitation = await self._find(token)
        if not await self.inviters.may_give(invitation.invited_by, invitation.roles):
            await self._end_void(invitation, request_context)
            raise OneTimeTokenInvalidException
        account = await self.email_ownership.find_by_email(invitation.email)
        try:
            if account is None or await self.roles.is_claimable(account):
                anonymous = request_context.with_actor(None)
                return await self._join(invitation, account, username, password, anonymous, carrier)
            if principal is None or principal.id != account.id:
                raise AccountExistsException
            owner_context = request_context.with_actor(principal.actor)
            await self.database.transaction(partial(self.accounts.add_roles, invitation, account, owner_context))
        except (OutdatedDecisionError, DuplicateEmailException):  # another request was faster: decide again
            return await self.accept(
                token,
                principal,
                username=username,
                password=password,
                request_context=request_context,
                carrier=carrier,
            )
        return None

    async def _join(  # noqa: PLR0913, PLR0917 - what `accept` got
        self,
        invitation: Invitation,
        account: User | None,
        username: CanonicalUsername | None,
        password: str | None,
        request_context: RequestContext,
        carrier: BrowserCarrier | None,
    ) -> SignedIn:
        """Create the account, or claim the one that exists, and open a session."""
        if username is None or password is None:
            given = {"username": username, "password": password}
            raise ValidationException(
                FieldError(field, "missing", "This field is required.") for field in given if given[field] is None
            )
        self.password_rules.check(password, {"username": username, "email": invitation.email})
        hashed_password = await self.hasher.hash(password)  # no database connection is held meanwhile
        act = self.accounts.create if account is None else partial(self.accounts.claim, account)

        async def claim() -> Proof:
            user = await act(
                invitation, username=username, hashed_password=hashed_password, request_context=request_context
            )
            rights = await self.roles.rights_of(user.id)
            return Proof(
                user=user,
                methods=(AMR_PASSWORD,),
                has_administrative_role=is_administrative(rights.permissions),
                auth_time=user.updated_at,
            )

        return await self.sign_in.log_in(
            claim,
            user_id=account.id if account is not None else None,
            has_logged_in=False,
            request_context=request_context,
            carrier=carrier,
        )

    async def _find(self, token: str) -> Invitation:
        invitation = await repository.find_pending(digest(token))
        if invitation is None:
            raise OneTimeTokenInvalidException
        return invitation

    async def _end_void(self, invitation: Invitation, request_context: RequestContext) -> None:
        async def work() -> None:
            if await repository.revoke(invitation.id):
                await self.audit.record(
                    InvitationEvent.INVITATION_VOID,
                    user_id=None,
                    request_context=request_context,
                    resource=invitation.resource,
                    roles=invitation.roles,
                )
                after_commit(INVITATIONS["void"].inc)

        await self.database.transaction(work)
