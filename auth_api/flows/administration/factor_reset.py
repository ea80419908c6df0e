"""Remove the second factors of a user who has lost them."""

from dataclasses import dataclass

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.administration.target_users import TargetUsers
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sign_in.events import FactorEvent
from auth_api.sign_in.mails import FACTORS_RESET
from auth_api.sign_in.second_factors import AccountFactors, SecondFactors
from auth_api.users.service import UserService
from auth_api.users.user import User


class ResetFactors(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a reset.

    Attributes:
        has_changed: false if the user had neither a second factor nor two-step login.
        factors_removed: number of removed factors, without recovery codes.
        sessions_ended: number of ended sessions.
    """

    has_changed: bool
    factors_removed: int = 0
    sessions_ended: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorResetService:
    """Resets the second factors of a user. The administrator must identify the person first."""

    database: Database
    users: UserService
    targets: TargetUsers
    second_factors: SecondFactors
    access_revocation: AccessRevocation
    audit: AuditTrail
    outbox: Outbox
    password_reset_mail: MailKind

    async def find(self, user: User) -> AccountFactors:
        """Return the factors of a user."""
        return await self.second_factors.of_user(user.id)

    async def reset(
        self, user_id: int, *, by: Authority, request_context: RequestContext, reason: str | None = None
    ) -> ResetFactors:
        """Remove all second factors and recovery codes, switch off two-step login and end all sessions.

        A user without a password receives a mail with a link to set one, because nothing else opens the account.
        Without a second factor and two-step login, only wrong codes are forgotten.

        Raises:
            ApplicationException: see `TargetUsers.lock`.
        """

        async def work() -> ResetFactors:
            await self.targets.lock(user_id, by)
            await self.users.forget_second_factor_failures(user_id)
            removed = len((await self.second_factors.of_user(user_id)).dated)
            credentials = await self.users.get_credentials(user_id)
            if not removed and credentials.user.two_step_since is None:
                return ResetFactors(has_changed=False)
            ended = await self.access_revocation.revoke(
                AccessEvent.FACTORS_RESET, user_id, request_context=request_context
            )
            details = {} if reason is None else {"reason": reason}
            await self.audit.record(
                FactorEvent.FACTORS_RESET,
                user_id=user_id,
                request_context=request_context,
                factors_removed=removed,
                sessions_ended=ended,
                **details,
            )
            await self.outbox.to_user(FACTORS_RESET, user_id, request_context)
            if not credentials.has_password:
                await self.outbox.to_user(self.password_reset_mail, user_id, request_context)
            return ResetFactors(has_changed=True, factors_removed=removed, sessions_ended=ended)

        return await self.database.transaction(work)
