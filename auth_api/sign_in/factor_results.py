"""What changes of second factors store, and what follows from them."""

from datetime import datetime

import msgspec

from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.sessions.assurance import Method
from auth_api.sessions.opened import ProvedSession


class NewFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor that was just stored.

    Attributes:
        kind: the kind of the factor.
        method: the method that the user has proved with it.
        enables_two_step: whether it switches on two-step login.
        is_replacement: whether it took the place of another one.
    """

    kind: FactorKind
    method: Method
    enables_two_step: bool
    is_replacement: bool = False


class AddedFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a new factor.

    Attributes:
        session: the session of the request, to which the new factor is a proof.
        sessions_ended: the number of other sessions that have ended.
        recovery_codes: the codes that come with the first factor of the account.
    """

    session: ProvedSession
    sessions_ended: int
    recovery_codes: NewRecoveryCodes | None


class AdditionEffects(msgspec.Struct, frozen=True, kw_only=True):
    """What a new factor has changed beside itself.

    Attributes:
        is_two_step_enabled: whether two-step login was off and is on now.
        sessions_ended: the number of sessions that have ended.
        recovery_codes: the codes that come with the first factor of the account.
    """

    is_two_step_enabled: bool
    sessions_ended: int
    recovery_codes: NewRecoveryCodes | None


class TwoStepState(msgspec.Struct, frozen=True, kw_only=True):
    """Since when two-step login is on, or None, and the number of sessions that have ended."""

    since: datetime | None
    sessions_ended: int = 0
