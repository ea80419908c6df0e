"""The second factors of an account as mails list them: without their names, which an attacker may have chosen."""

from collections import Counter
from typing import Final

from auth_api.sign_in.second_factors import AccountFactors

RECOVERY_CODES: Final = "recovery_codes"


def factor_counts(factors: AccountFactors) -> Counter[str]:
    """Return the number of factors by kind, usable or not, and that of unused recovery codes."""
    counts = Counter(factor.kind.value for factor in factors.dated)
    if factors.recovery_codes is not None and factors.recovery_codes.left:
        counts[RECOVERY_CODES] = factors.recovery_codes.left
    return counts
