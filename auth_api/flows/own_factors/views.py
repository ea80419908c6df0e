"""The second factors of an account as responses show them."""

from auth_api.credentials.passkeys.schemas import passkey_view
from auth_api.credentials.totp.factor import TotpFactor
from auth_api.credentials.totp.service import TotpService
from auth_api.flows.own_factors.schemas import Factors, RecoveryCodes, Totp
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.sessions.principal import Principal
from auth_api.sign_in.second_factors import AccountFactors, SecondFactors


def totp_view(factor: TotpFactor, service: TotpService) -> Totp:
    """Return an authenticator app without its secret."""
    return Totp(
        created_at=rfc3339(factor.confirmed_at),
        last_used_at=optional_rfc3339(factor.last_used_at),
        usable=service.is_usable(factor),
    )


def factors_view(
    principal: Principal, factors: AccountFactors, services: SecondFactors, *, is_required: bool
) -> Factors:
    """Return the factors of the caller."""
    codes = factors.recovery_codes
    return Factors(
        two_step=principal.user.two_step_since is not None,
        two_step_since=optional_rfc3339(principal.user.two_step_since),
        required=is_required,
        totp=None if factors.totp is None else totp_view(factors.totp, services.totp),
        passkeys=[passkey_view(each, is_usable=each in factors.usable_passkeys) for each in factors.passkeys],
        recovery_codes=None if codes is None else RecoveryCodes(left=codes.left, created_at=rfc3339(codes.created_at)),
        enrolment=list(services.addable(factors)),
    )
