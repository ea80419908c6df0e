"""Requests of password recovery."""

import msgspec

from auth_api.one_time_tokens.schemas import OneTimeTokenField
from auth_api.users.schemas import ChangedPasswordField, EmailField


class ForgotRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request an e-mail with a link that sets a new password."""

    email: EmailField


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Set a new password with the token from the e-mail."""

    token: OneTimeTokenField
    new_password: ChangedPasswordField
