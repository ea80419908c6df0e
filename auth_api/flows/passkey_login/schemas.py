"""Request body of the login with a passkey."""

import msgspec

from auth_api.credentials.passkeys.schemas import EXAMPLE_ASSERTION, CredentialField

EXAMPLE_PASSKEY_LOGIN = {"credential": EXAMPLE_ASSERTION}


class PasskeyLoginRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Log in with a passkey."""

    credential: CredentialField
