"""Form of recovery codes: Crockford's Base32, which has no letters that are easily confused."""

import secrets
from typing import Final

CODES_PER_USER: Final = 10

CHARACTERS: Final = 24
"""120 random bits. ASVS 5.0 V6.5.2 allows a fast digest from 112 bits."""

GROUP_LENGTH: Final = 4

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"

_READ_AS: Final = str.maketrans("oil", "011", " -")
"""How Crockford's Base32 reads letters that it does not write; spaces and hyphens are ignored."""


def new_recovery_code() -> str:
    """Generate a code, in the form that the user sees: six groups of four characters."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(CHARACTERS))
    return "-".join(text[start : start + GROUP_LENGTH] for start in range(0, CHARACTERS, GROUP_LENGTH))


def parse_recovery_code(typed: str) -> str | None:
    """Return the characters of a code as a user types it, without hyphens; None if no code has this form.

    Upper case, missing or other groups, `o` for `0`, and `i` or `l` for `1` are accepted.
    """
    text = typed.lower().translate(_READ_AS)
    return text if len(text) == CHARACTERS and set(text) <= set(_ALPHABET) else None
