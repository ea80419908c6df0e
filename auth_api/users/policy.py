"""What is asked of a new password."""

import msgspec


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths in code points after NFC; bytes in UTF-8.

    NIST SP 800-63B-4 §3.1.1.2 asks for length and a blocklist and advises against rules of composition: those can be
    switched off, the others cannot.
    """

    require_complexity: bool = True
    min_length: int = 12
    max_length: int = 128
    max_bytes: int = 512


class VerificationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What an account needs a proof of its mailbox for.

    Attributes:
        required: nobody logs in before it.
        before_account: nothing becomes an account before it, so that registering tells nobody who has one.
    """

    required: bool = False
    before_signup: bool = False
