"""The recovery codes in responses, which contain them once."""

from typing import Annotated, Final

import msgspec

from auth_api.credentials.recovery_codes.service import NewRecoveryCodes

EXAMPLE_CODES: Final = [f"k7qd-2m9x-f0ta-8jwc-5hre-{number}bns" for number in range(10)]

RecoveryCodesField = Annotated[
    tuple[str, ...],
    msgspec.Meta(description="Show them once, and ask the user to keep them. Each replaces the second factor once."),
]


def shown_codes(codes: NewRecoveryCodes | None) -> tuple[str, ...] | msgspec.UnsetType:
    """Return the codes for the response; UNSET if none were created."""
    return msgspec.UNSET if codes is None else codes.codes
