"""Addresses and usernames: one canonical form each, found here and nowhere else.

Nothing is trimmed and nothing is folded by Unicode rules: a spelling that NFKC or case mapping would turn into somebody
else's name or address (`ﬁona@…`, `Kelvin` with a Kelvin sign) is refused before it is compared with anything.
"""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NewType

import msgspec
from email_validator import EmailNotValidError, validate_email

from auth_api.kit.errors import FieldError, ValidationException

CanonicalEmail = NewType("CanonicalEmail", str)
CanonicalUsername = NewType("CanonicalUsername", str)

MAX_EMAIL_LENGTH: Final = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""

MAX_USERNAME_LENGTH: Final = 50
MIN_USERNAME_LENGTH: Final = 3

RESERVED_USERNAMES: Final = frozenset(
    Path(__file__).with_name("reserved_usernames.txt").read_text(encoding="ascii").split()
)

_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")


def canonical_email(raw: str, _document: Mapping[str, Any] | None = None) -> CanonicalEmail:
    """Return the one form in which an address is stored, compared and written to.

    The domain becomes its lower-case A-label (RFC 5890), the local part is lower-cased.

    Raises:
        ValidationException: it is no address of 254 characters at most with an ASCII local part.
    """
    local_part, separator, domain = raw.partition("@")
    if len(raw) > MAX_EMAIL_LENGTH or not separator or raw.count("@") != 1 or not local_part.isascii():
        raise _invalid_email()
    try:
        address = validate_email(raw, check_deliverability=False, strict=True)
    except EmailNotValidError:  # its texts quote the input
        raise _invalid_email() from None
    # The library follows UTS #46, which folds full-width letters, other full stops and variation selectors away.
    if not domain.isascii() and (domain.lower() != address.domain or not unicodedata.is_normalized("NFKC", domain)):
        raise _invalid_email()
    return CanonicalEmail(f"{local_part.lower()}@{(address.ascii_domain or '').lower()}")


def canonical_username(raw: str) -> CanonicalUsername:
    """Return the one form in which a username is stored, compared and shown: ASCII lower case.

    Raises:
        ValidationException: it has another form.
    """
    username = raw.lower() if raw.isascii() else raw
    if not MIN_USERNAME_LENGTH <= len(username) <= MAX_USERNAME_LENGTH or _USERNAME.fullmatch(username) is None:
        message = (
            f"Must have {MIN_USERNAME_LENGTH} to {MAX_USERNAME_LENGTH} characters of a-z, 0-9, '_', '.' and '-', "
            "and begin and end with a letter or digit."
        )
        raise ValidationException([FieldError("username", "format", message)])
    return CanonicalUsername(username)


def new_username(raw: str, _document: Mapping[str, Any] | None = None) -> CanonicalUsername:
    """Return the canonical form of a username that somebody wants to have.

    Raises:
        ValidationException: it has another form, or is reserved.
    """
    username = canonical_username(raw)
    if username in RESERVED_USERNAMES:
        raise ValidationException([FieldError("username", "reserved", "This username is reserved.")])
    return username


class Identifier(msgspec.Struct, frozen=True):
    """What somebody typed to name an account, read once.

    Attributes:
        text: its canonical form; as it was typed, where it cannot name an account.
        email: it, if it is an address.
        username: it, if it is a username.
    """

    text: str
    email: CanonicalEmail | None = None
    username: CanonicalUsername | None = None


def parse_identifier(*, email: str | None, username: str | None) -> Identifier:
    """Read what somebody typed to name an account. A username with `@` is read as an address."""
    typed = email if email is not None else username or ""
    try:
        if email is not None or "@" in typed:
            address = canonical_email(typed)
            return Identifier(address, email=address)
        name = canonical_username(typed)
        return Identifier(name, username=name)
    except ValidationException:
        return Identifier(typed)


def _invalid_email() -> ValidationException:
    return ValidationException([FieldError("email", "format", "Must be an e-mail address.")])
