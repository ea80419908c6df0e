"""Create, list, revoke and send invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from auth_api.events.audit.actors import COMMAND_LINE
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.invitations import repository
from auth_api.flows.invitations.errors import InvitationNotFoundException
from auth_api.flows.invitations.events import InvitationEvent
from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.invitation_filter import InvitationFilter
from auth_api.flows.invitations.mails import INVITATION
from auth_api.flows.invitations.metrics import INVITATIONS
from auth_api.kit.db.database import Database, after_commit
from auth_api.kit.errors import FieldError, LimitReachedException, ValidationException
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority, Rights
from auth_api.roles.role import Role
from auth_api.roles.service import RoleService
from auth_api.throttling.mail_limits import MailLimits
from auth_api.users.identifiers import CanonicalEmail

MAX_PENDING: Final = 100
"""Pending invitations of one inviter."""


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """What an invitation is created from.

    Attributes:
        roles: the names of the roles that the account gets.
        lifetime: how long it can be accepted.
        locale: language of the mail; None for that of the request.
    """

    email: CanonicalEmail
    roles: Sequence[str]
    lifetime: timedelta
    locale: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationService:
    """Creates, lists, revokes and sends invitations, for administrators and the command line."""

    database: Database
    roles: RoleService
    outbox: Outbox
    limits: MailLimits
    audit: AuditTrail

    async def list(self, request: PageRequest, conditions: InvitationFilter) -> tuple[Sequence[Invitation], str | None]:
        """Return a page of invitations, newest first, and the cursor of the next page if there is one.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await repository.newest(conditions, before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, lambda row: row.id)

    async def create(self, new: NewInvitation, by: Authority, request_context: RequestContext) -> Invitation:
        """Invite a person. The work and the result are the same whether or not an account has the e-mail address.

        Args:
            new: the invitation.
            by: on whose authority.
            request_context: of the inviter.

        Raises:
            ValidationException: a role does not exist.
            RankTooLowException: the inviter lacks a permission of one of the roles.
            LimitReachedException: the inviter has as many pending invitations as it may have.
            RateLimitedException: too many mails were sent to this address, or by this inviter.
        """
        inviter = request_context.actor or COMMAND_LINE
        names = sorted(set(new.roles))

        async def work() -> Invitation:
            await self.roles.lock_administrators()  # a role cannot be deleted meanwhile
            if self.database.supports_table_locks:
                await repository.lock_all()  # two requests at the limit must count each other
            found = await self._roles(names)
            if len(found) < len(names):
                raise ValidationException([FieldError("roles", "not_found", "Each must be the name of a role.")])
            (await by.confirmed()).check_rank(_rights(found))
            if await repository.count_pending(inviter, limit=MAX_PENDING) >= MAX_PENDING:
                raise LimitReachedException
            await self._admit_mail(new.email, inviter)
            invitation = await repository.insert(
                new.email,
                roles=names,
                locale=new.locale,
                invited_by=inviter,
                lifetime=new.lifetime.total_seconds(),
            )
            await self._send(invitation, invitation.mails, request_context)
            await self._record(InvitationEvent.INVITATION_CREATED, invitation, request_context)
            return invitation

        return await self.database.transaction(work)

    async def revoke(self, invitation_id: int, by: Authority, request_context: RequestContext) -> None:
        """Revoke a pending invitation.

        Raises:
            InvitationNotFoundException: it is not pending.
            RankTooLowException: the caller lacks a permission of one of its roles.
        """

        async def work() -> None:
            invitation = await self._lock(invitation_id, by)
            await repository.revoke(invitation.id)
            await self._record(InvitationEvent.INVITATION_REVOKED, invitation, request_context)

        await self.database.transaction(work)

    async def resend(self, invitation_id: int, by: Authority, request_context: RequestContext) -> None:
        """Send a pending invitation again. The link of the earlier mail stops working; the end stays the same.

        Raises:
            InvitationNotFoundException: it is not pending.
            RankTooLowException: the caller lacks a permission of one of its roles.
            RateLimitedException: too many mails were sent to this address, or by this caller.
        """

        async def work() -> None:
            invitation = await self._lock(invitation_id, by)
            await self._admit_mail(invitation.email, request_context.actor or COMMAND_LINE)
            await self._send(invitation, await repository.begin_mail(invitation.id), request_context)
            await self._record(InvitationEvent.INVITATION_RESENT, invitation, request_context)

        await self.database.transaction(work)

    async def _lock(self, invitation_id: int, by: Authority) -> Invitation:
        invitation = await repository.lock_pending(invitation_id)
        if invitation is None:
            raise InvitationNotFoundException
        (await by.confirmed()).check_rank(_rights(await self._roles(invitation.roles)))
        return invitation

    async def _roles(self, names: Sequence[str]) -> Sequence[Role]:
        """Return those of the roles that exist."""
        return [role for role in await self.roles.all() if role.name in names]

    async def _admit_mail(self, email: CanonicalEmail, inviter: str) -> None:
        """Count a mail of an inviter to an address. The command line has no limits."""
        if inviter != COMMAND_LINE:
            await self.limits.admit_by(inviter)
            await self.limits.admit_invitation(email)

    async def _send(self, invitation: Invitation, mail: int, request_context: RequestContext) -> None:
        await self.outbox.to_email(
            INVITATION, invitation.email, request_context, invitation_id=invitation.id, mail=mail
        )

    async def _record(self, tag: InvitationEvent, invitation: Invitation, request_context: RequestContext) -> None:
        await self.audit.record(
            tag,
            user_id=None,
            request_context=request_context,
            resource=invitation.resource,
            roles=invitation.roles,
        )
        after_commit(INVITATIONS[tag.partition(":")[2]].inc)


def _rights(roles: Sequence[Role]) -> Rights:
    return Rights.of(permission for role in roles for permission in role.rights.permissions)
