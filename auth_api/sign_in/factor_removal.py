"""Removal of second factors when the access to an account is revoked."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from auth_api.credentials.factor_kind import FactorKind
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import RECENT, AccessEvent, FactorRemoval
from auth_api.sessions.service import SessionService
from auth_api.sign_in.events import FactorEvent, RemovalReason
from auth_api.sign_in.second_factors import DatedFactor, SecondFactors
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRevocation:
    """Removes the factors that an event takes from an account. Nothing restores them."""

    users: UserService
    sessions: SessionService
    second_factors: SecondFactors
    audit: AuditTrail

    async def end_factors(
        self,
        kind: FactorKind,
        event: AccessEvent,
        user_id: int,
        request_context: RequestContext,
        *,
        delete: Callable[[DatedFactor], Awaitable[object]],
    ) -> None:
        """Remove the factors of one kind that an event removes, inside the transaction that has locked the user's row.

        Two-step login that is older than 7 days keeps its last factor: a person who reads the mail of the user could
        otherwise remove the second factor, and then set a new password.

        Args:
            kind: the kind.
            event: the event.
            user_id: the user of the account.
            request_context: the client of the request.
            delete: deletes the row of a factor.
        """
        if event.ends.factors is FactorRemoval.KEPT:
            return
        factors = (await self.second_factors.of_user(user_id)).dated
        if event.ends.factors is FactorRemoval.RECENT:
            user = (await self.users.get_credentials(user_id)).user
            now = await self.sessions.present_time()
            factors = recent_factors(factors, two_step_since=user.two_step_since, now=now)
        for factor in factors:
            if factor.kind is kind:
                await delete(factor)
                await self.audit.record(
                    FactorEvent.FACTOR_REMOVED,
                    user_id=user_id,
                    request_context=request_context,
                    kind=kind,
                    reason=RemovalReason.RESET if event is AccessEvent.FACTORS_RESET else RemovalReason.REPORTED,
                )

    async def end_recovery_codes(self, event: AccessEvent, user_id: int) -> None:
        """Remove the recovery codes that an event removes, and switch off two-step login without a factor.

        Codes without a factor have no use. Two-step login stays on while the account has a factor, even one that cannot
        be used: a lost key of the server must not open the account.
        """
        if event.ends.factors is FactorRemoval.KEPT:
            return
        left = await self.second_factors.of_user(user_id)
        if not left.has_any:
            await self.users.set_two_step(user_id, is_on=False)
        if left.recovery_codes is None:
            return
        age = await self.sessions.present_time() - left.recovery_codes.created_at
        if not left.has_any or age < RECENT:
            await self.second_factors.recovery_codes.remove_all(user_id)


def recent_factors(
    factors: Sequence[DatedFactor], *, two_step_since: datetime | None, now: datetime
) -> tuple[DatedFactor, ...]:
    """Return the factors that are younger than 7 days, except the last one of an older two-step login.

    Of several, the oldest one that can be used counts as the last one.
    """
    recent = [factor for factor in factors if now - factor.since < RECENT]
    is_old_two_step = two_step_since is not None and now - two_step_since >= RECENT
    if is_old_two_step and not any(factor.is_usable and factor not in recent for factor in factors):
        kept = min(recent, key=lambda factor: (not factor.is_usable, factor.since), default=None)
        recent = [factor for factor in recent if factor != kept]
    return tuple(recent)
