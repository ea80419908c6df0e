"""What goes over the wire when a password is reset."""

import msgspec

from auth_api.one_time_tokens.schemas import OneTimeTokenField
from auth_api.users.schemas import ChangedPasswordField, EmailField


class ForgotRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a mail with a link that sets a new password."""

    email: EmailField


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set a new password by the token of that mail."""

    token: OneTimeTokenField
    new_password: ChangedPasswordField
