"""How a form of the account is confirmed: by the password in the form, or by a proof of identity before it."""

import msgspec

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.sign_in.freshness import Freshness
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.visit import Visit


class ConfirmationFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a form needs.

    Attributes:
        asks_password: whether the form has a field for the present password, which confirms it.
        address: of the page that asks for another proof first; None if none is needed now.
    """

    asks_password: bool
    address: str | None


async def confirmation_fields(visit: Visit, freshness: Freshness) -> ConfirmationFields:
    """Return how the person confirms a form.

    Raises:
        UserNotFoundException: the user was deleted in the meantime.
    """
    if (await freshness.needed_proof(visit.principal.id)).is_password:
        return ConfirmationFields(asks_password=True, address=None)
    return ConfirmationFields(asks_password=False, address=await missing_confirmation(visit, freshness))


async def require_password(visit: Visit, freshness: Freshness, current_password: str | None) -> None:
    """Check that a form that asks for the present password has one, also shortly after a login.

    Raises:
        ValidationException: the password is missing.
    """
    if current_password is None and (await freshness.needed_proof(visit.principal.id)).is_password:
        raise ValidationException([FieldError("current_password", "missing", "Send the current password.")])
