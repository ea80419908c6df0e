"""Requests of the e-mail change."""

import msgspec

from auth_api.users.schemas import ConfirmingPasswordField, OwnEmailField


class EmailChangeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request another e-mail address; the password confirms it."""

    new_email: OwnEmailField
    current_password: ConfirmingPasswordField | None = None
