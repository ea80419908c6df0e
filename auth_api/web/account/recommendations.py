"""What is worth doing for the owner of an account."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from auth_api.credentials.factor_kind import FactorKind
from auth_api.sign_in.second_factors import AccountFactors
from auth_api.users.user import User

FEW_RECOVERY_CODES: Final = 3


class Recommendation(StrEnum):
    """Something that is worth doing, the most important first."""

    VERIFY_EMAIL = "verify_email"
    ADD_PASSKEY = "add_passkey"
    ADD_APP = "add_app"
    MAKE_RECOVERY_CODES = "make_recovery_codes"


def recommendations(
    user: User, factors: AccountFactors, addable: Collection[FactorKind], pages: Collection[str]
) -> list[Recommendation]:
    """Return what is worth doing, the most important first.

    Factors can be added only after the e-mail address is verified. An app is recommended only where there are no
    passkeys.

    Args:
        user: the user.
        factors: the factors of the user.
        addable: the kinds of factor that the user can add.
        pages: the pages that exist, by their paths below `/account/`.
    """
    if user.email_verified_at is None and "email" in pages:
        return [Recommendation.VERIFY_EMAIL]
    has_passkeys = FactorKind.PASSKEY in addable and "security/passkeys" in pages
    has_apps = FactorKind.TOTP in addable and "security/totp" in pages
    left = factors.recovery_codes.left if factors.recovery_codes else 0
    is_worth_doing = {
        Recommendation.ADD_PASSKEY: has_passkeys and not factors.passkeys,
        Recommendation.ADD_APP: has_apps and not has_passkeys and not factors.has_any,
        Recommendation.MAKE_RECOVERY_CODES: factors.has_any
        and left <= FEW_RECOVERY_CODES
        and "security/recovery-codes" in pages,
    }
    return [each for each, is_wanted in is_worth_doing.items() if is_wanted]
