"""Mails to users that administrators request."""

from dataclasses import dataclass

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import DuplicateEmailException
from auth_api.users.identifiers import CanonicalEmail


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedMails:
    """Sends users the links that they could also request themselves.

    The links are limited per administrator and per user, apart from those that users request. All methods raise what
    `TargetUsers.lock` raises, and `RateLimitedException`.
    """

    database: Database
    targets: TargetUsers
    email_ownership: EmailOwnership
    outbox: Outbox
    limits: MailLimits
    audit: AuditTrail
    password_reset_mail: MailKind
    verification_mail: MailKind
    email_change_mail: MailKind

    async def reset_password(self, user_id: int, *, by: Authority, request_context: RequestContext) -> bool:
        """Send a link to set a new password; return False and send nothing if the user is disabled."""

        async def work() -> bool:
            user = await self.targets.lock(user_id, by)
            if user.is_active:
                await self.send(self.password_reset_mail, user_id, request_context)
            return user.is_active

        return await self.database.transaction(work)

    async def verify_email(self, user_id: int, *, by: Authority, request_context: RequestContext) -> bool:
        """Send a link that verifies the e-mail address; return False and send nothing if the user does not need it."""

        async def work() -> bool:
            user = await self.targets.lock(user_id, by)
            is_needed = user.is_active and user.email_verified_at is None
            if is_needed:
                await self.send(self.verification_mail, user_id, request_context)
            return is_needed

        return await self.database.transaction(work)

    async def change_email(
        self, user_id: int, new_email: CanonicalEmail, *, by: Authority, request_context: RequestContext
    ) -> None:
        """Send a link to another e-mail address, which replaces the present one when the link is used.

        Raises:
            DuplicateEmailException: a user has the e-mail address.
        """

        async def work() -> None:
            await self.targets.lock(user_id, by)
            if await self.email_ownership.find_by_email(new_email) is not None:
                raise DuplicateEmailException
            await self._count(user_id, request_context)
            await self.audit.record(
                AccountEvent.EMAIL_CHANGE_REQUESTED, user_id=user_id, request_context=request_context
            )
            await self.outbox.to_email(
                self.email_change_mail,
                new_email,
                request_context,
                user_id=user_id,
                is_counted=True,
                new_email=new_email,
                requested_by=request_context.actor,
            )

        await self.database.transaction(work)

    async def send(self, kind: MailKind, user_id: int, request_context: RequestContext) -> None:
        """Count a mail and send it if mail is on, inside the transaction that has locked or created the user.

        Raises:
            RateLimitedException: the administrator has sent too many mails, or the user has got too many.
        """
        if not self.outbox.is_on:
            return
        await self._count(user_id, request_context)
        await self.outbox.to_user(kind, user_id, request_context, is_counted=True)

    async def _count(self, user_id: int, request_context: RequestContext) -> None:
        await self.limits.admit_by(request_context.actor or "")
        await self.limits.admit_to(user_id)
