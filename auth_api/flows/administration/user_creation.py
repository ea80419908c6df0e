"""Create users for administrators and operators."""

from dataclasses import dataclass

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.flows.administration.mails import ACCOUNT_CREATED
from auth_api.flows.administration.requested_mails import RequestedMails
from auth_api.flows.administration.schemas import UserCreationRequest
from auth_api.kit.crypto.passwords import UNUSABLE_HASH, PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import RoleNotFoundException
from auth_api.roles.events import RoleEvent
from auth_api.roles.rights import Authority
from auth_api.roles.role import Role
from auth_api.roles.service import RoleService
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreation:
    """Creates users, without a session. Settings about registrations do not apply."""

    database: Database
    users: UserService
    roles: RoleService
    hasher: PasswordHasher
    audit: AuditTrail
    mails: RequestedMails

    async def create(
        self,
        wanted: UserCreationRequest,
        *,
        by: Authority,
        request_context: RequestContext,
        sends_mail: bool = True,
        role_name: str | None = None,
    ) -> User:
        """Create a user.

        Args:
            wanted: what the user is created from. A user without a password gets a mail with a link to set one.
            by: on whose authority.
            request_context: the request of the administrator.
            sends_mail: whether a user with a password gets a mail that verifies the e-mail address, unless the
                administrator has verified it.
            role_name: a role that the user gets, without a check of the caller's rank; None for no role.

        Raises:
            ValidationException: the password is missing, and mail is off; or the metadata is too long.
            DuplicateEmailException: the e-mail address is taken.
            DuplicateUsernameException: the username is taken.
            RoleNotFoundException: the role does not exist.
            EmailNotVerifiedException: the user gets a role, and mail is on, but the e-mail address is not verified.
            RateLimitedException: the administrator has sent too many mails.
            ServerOverloadedException: too many hashes are waiting.
        """
        has_password = isinstance(wanted.password, str)
        if not has_password and not self.mails.outbox.is_on:
            raise ValidationException([FieldError("password", "missing", "Required, because mail is off.")])
        hashed_password = await self.hasher.hash(wanted.password) if has_password else UNUSABLE_HASH

        async def work() -> User:
            await by.confirmed()
            role = await self.roles.lock(role_name) if role_name is not None else None
            if role is None and role_name is not None:
                raise RoleNotFoundException
            user = await self.users.create(
                email=wanted.email, username=wanted.username, hashed_password=hashed_password, profile=wanted
            )
            if isinstance(wanted.metadata, dict):
                await self.users.change_profile(user.id, {"metadata": wanted.metadata})
            if wanted.email_verified:
                await self.users.verify_email(user)
            elif role is not None and self.mails.outbox.is_on:
                raise EmailNotVerifiedException
            await self.audit.record(AccountEvent.ACCOUNT_CREATED, user_id=user.id, request_context=request_context)
            if role is not None:
                await self._grant(user, role, request_context)
            if not has_password:
                await self.mails.send(ACCOUNT_CREATED, user.id, request_context)
            elif sends_mail and not wanted.email_verified:
                await self.mails.send(self.mails.verification_mail, user.id, request_context)
            return (await self.users.get_credentials(user.id)).user

        return await self.database.transaction(work)

    async def _grant(self, user: User, role: Role, request_context: RequestContext) -> None:
        await self.roles.grant(user.id, role, granted_by=request_context.actor)
        await self.audit.record(
            RoleEvent.ROLE_GRANTED,
            user_id=user.id,
            request_context=request_context,
            resource=f"role:{role.name}",
        )
