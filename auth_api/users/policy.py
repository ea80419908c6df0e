"""Settings of passwords and of e-mail verification."""

from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for new passwords.

    NIST SP 800-63B-4 §3.1.1.2 asks for length and a blocklist and advises against composition rules: those can be
    switched off, the others cannot.

    Attributes:
        min_length: shortest password, in code points after NFC.
        max_length: longest password, in code points after NFC.
        max_bytes: longest password, in bytes of UTF-8.
    """

    require_complexity: Annotated[
        bool,
        Setting(
            "PASSWORD_REQUIRE_COMPLEXITY",
            "Whether a new password needs an upper-case letter, a lower-case letter, a digit and a symbol; length and "
            "blocklist are always checked.",
        ),
    ] = True
    min_length: int = 12
    max_length: int = 128
    max_bytes: int = 512


class VerificationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified e-mail address is needed for."""

    required: Annotated[
        bool,
        Setting(
            "REQUIRE_EMAIL_VERIFICATION",
            "Whether the e-mail address must be verified before the first login; needs mail. `MFA_POLICY=required` "
            "implies it.",
        ),
    ] = False
    before_signup: Annotated[
        bool,
        Setting(
            "REGISTRATION_ENUMERATION_SAFE",
            "Whether an account exists only after the link in the mail is used, so that registration does not reveal "
            "who has an account; needs `REQUIRE_EMAIL_VERIFICATION`.",
        ),
    ] = False
