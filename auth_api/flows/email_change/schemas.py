"""What goes over the wire when an account gets another address."""

import msgspec

from auth_api.users.schemas import EmailField, PasswordField


class EmailChangeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for another address, confirmed by the password."""

    new_email: EmailField
    current_password: PasswordField
