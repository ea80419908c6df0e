"""E-mail change: request, confirm, undo."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.credentials.identities.service import Identities
from auth_api.events.audit.actors import owner_of
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.email_change.events import EmailChangeEvent
from auth_api.flows.email_change.mails import EMAIL_CHANGE, EMAIL_CHANGED
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose, TokenGrant
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.roles.permissions import USER_CREDENTIALS
from auth_api.roles.service import RoleService
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.account_removal import AccountRemoval
from auth_api.sessions.principal import Principal
from auth_api.sign_in.factor_counts import factor_counts
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import DuplicateEmailException
from auth_api.users.identifiers import CanonicalEmail, masked_email
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeService:
    """Changes e-mail addresses, after the owner of the new mailbox has confirmed."""

    database: Database
    email_ownership: EmailOwnership
    roles: RoleService
    tokens: OneTimeTokens
    outbox: Outbox
    audit: AuditTrail
    freshness: Freshness
    access_revocation: AccessRevocation
    account_removal: AccountRemoval
    second_factors: SecondFactors
    identities: Identities
    mail_limits: MailLimits
    recovery_mail: MailKind
    registration_policy: RegistrationPolicy

    async def request(
        self,
        principal: Principal,
        *,
        new_email: CanonicalEmail,
        current_password: str | None,
        request_context: RequestContext,
    ) -> None:
        """Send a link to the new e-mail address, unless another user has it: that is decided when the mail is drafted.

        Raises:
            ApplicationException: the user did not confirm the request, see `Freshness.require` and `hold`.
        """
        await self.freshness.confirm(principal, current_password=current_password, request_context=request_context)
        # The outbox counts per recipient; in addition, one account must not send mails to many strangers.
        is_allowed = await self.mail_limits.allow_user(EMAIL_CHANGE.name, principal.id)

        async def work() -> None:
            await self.freshness.hold(principal, has_password_sent=current_password is not None)
            await self.audit.record(
                AccountEvent.EMAIL_CHANGE_REQUESTED, user_id=principal.id, request_context=request_context
            )
            if is_allowed:
                await self.outbox.to_email(
                    EMAIL_CHANGE, new_email, request_context, user_id=principal.id, new_email=new_email
                )

        await self.database.transaction(work)

    async def confirm(self, token: str, caller: Principal | None, request_context: RequestContext) -> bool:
        """Set the e-mail address that the token was sent to, and end all sessions except the caller's own.

        The previous e-mail address gets a link that undoes the change, if it was verified: otherwise it may be a
        stranger's.

        Returns:
            Whether the account is that of the caller.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired, or the account is disabled, or the
                administrator who requested the change can no longer change the account, or the user who requested it
                can no longer choose this e-mail address.
            DuplicateEmailException: another user got the e-mail address in the meantime.
        """
        grant = await self.tokens.find(token, Purpose.EMAIL_CHANGE)
        user_id = _user_id(grant)
        own_session_id: UUID | None = caller.session_id if caller and caller.id == user_id else None

        async def work() -> None:
            user = await self.email_ownership.lock(user_id)
            await self.tokens.redeem(Purpose.EMAIL_CHANGE, token)
            if user is None or not user.is_active or not await self._may_change(grant, user):
                raise OneTimeTokenInvalidException
            ended = await self.access_revocation.revoke(
                AccessEvent.EMAIL_CHANGED, user.id, kept_session_id=own_session_id
            )
            await self.email_ownership.change_email(user.id, CanonicalEmail(grant.payload["email"]))
            if user.email_verified_at is not None:
                masked = masked_email(grant.payload["email"])
                await self.outbox.to_email(
                    EMAIL_CHANGED, user.email, request_context, user_id=user.id, new_email=masked
                )
            await self.audit.record(
                EmailChangeEvent.EMAIL_CHANGED, user_id=user.id, request_context=request_context, sessions_ended=ended
            )

        await self.database.transaction(work)
        return own_session_id is not None

    async def _may_change(self, grant: TokenGrant, user: User) -> bool:
        """Return whether the user or the administrator who requested a change could still do so.

        `REGISTRATION_DOMAINS` may have changed in the meantime, which does not concern administrators. And they could
        otherwise take over a user who has got more permissions since, or come back after a dismissal.
        """
        if (actor := grant.payload.get("requested_by")) is None:
            return self.registration_policy.allows(grant.payload["email"])
        administrator_id = owner_of(actor)
        administrator = await self.email_ownership.find(administrator_id) if administrator_id is not None else None
        if administrator is None or not administrator.is_active:
            return False
        rights = await self.roles.rights_of(administrator.id)
        return rights.has(USER_CREDENTIALS) and rights.contains(await self.roles.rights_of(user.id))

    async def undo(self, token: str, request_context: RequestContext) -> None:
        """Restore a previous e-mail address, revoke all access, and mail a link there that sets a new password.

        An attacker who changed the e-mail address knew the password, may have changed it, and may have changed the
        e-mail address again. Therefore the password and the undo tokens of all other addresses stop working, too.

        A user who has the address without having verified it is deleted. Otherwise an attacker could prevent the
        undoing of an e-mail change by registering with the old address.

        Raises:
            OneTimeTokenInvalidException: the token is unknown, used or expired.
            DuplicateEmailException: another user got the e-mail address in the meantime, and verified it or
                got a role.
        """
        grant = await self.tokens.find(token, Purpose.EMAIL_UNDO)
        user_id, email = _user_id(grant), CanonicalEmail(grant.payload["email"])

        async def work() -> None:
            rival = await self.email_ownership.find_by_email(email)
            rival_id = rival.id if rival is not None else user_id
            locked = {each: await self.email_ownership.lock(each) for each in sorted({user_id, rival_id})}
            rival = locked[rival_id] if rival_id != user_id else None
            if rival is not None and not await self.roles.is_claimable(rival):
                raise DuplicateEmailException
            await self.tokens.redeem(Purpose.EMAIL_UNDO, token)
            before = factor_counts(await self.second_factors.of_user(user_id))
            ended = await self.access_revocation.revoke(
                AccessEvent.EMAIL_CHANGE_UNDONE, user_id, request_context=request_context
            )
            if rival is not None:
                await self.account_removal.displace(rival, request_context)
            await self.email_ownership.change_email(user_id, email)
            await self.audit.record(
                EmailChangeEvent.EMAIL_CHANGE_UNDONE,
                user_id=user_id,
                request_context=request_context,
                sessions_ended=ended,
            )
            kept = factor_counts(await self.second_factors.of_user(user_id))
            await self.outbox.to_user(
                self.recovery_mail,
                user_id,
                request_context,
                removed_factors=before - kept,
                kept_factors=kept,
                kept_identities=await self.identities.names_of_user(user_id),
            )

        await self.database.transaction(work)


def _user_id(grant: TokenGrant) -> int:
    if grant.user_id is None:
        raise OneTimeTokenInvalidException
    return grant.user_id
