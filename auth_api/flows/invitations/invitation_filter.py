"""Which invitations a list contains."""

import msgspec

from auth_api.flows.invitations.invitation import InvitationStatus
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.users.identifiers import CanonicalEmail, canonical_email


class InvitationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of a list of invitations.

    Attributes:
        email: only those to this e-mail address.
        is_pending: only those that can still be accepted.
    """

    email: CanonicalEmail | None = None
    is_pending: bool = False


def requested_filter(*, status: str | None, email: str | None) -> InvitationFilter:
    """Return the conditions that a client states.

    Raises:
        ValidationException: one of them is invalid; both are reported at once.
    """
    errors = []
    if status not in {None, InvitationStatus.PENDING}:
        errors.append(FieldError("status", "format", "Must be `pending`."))
    try:
        address = canonical_email(email) if email is not None else None
    except ValidationException as error:
        errors.extend(error.errors)
    if errors:
        raise ValidationException(errors)
    return InvitationFilter(email=address, is_pending=status is not None)
