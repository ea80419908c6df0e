"""E-mail addresses and usernames: the only place that knows their canonical forms.

Input is neither trimmed nor folded by Unicode rules. A spelling that NFKC or case mapping would turn into another
user's name or e-mail address (`ﬁona@…`, `Kelvin` with a Kelvin sign) is rejected before it is compared with anything.
"""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NewType

import msgspec
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from auth_api.kit.errors import FieldError, ValidationException

CanonicalEmail = NewType("CanonicalEmail", str)
CanonicalUsername = NewType("CanonicalUsername", str)

MAX_EMAIL_LENGTH: Final = 254
"""In characters: RFC 5321 §4.5.3.1.3, without the angle brackets."""

MAX_USERNAME_LENGTH: Final = 50
MIN_USERNAME_LENGTH: Final = 3

RESERVED_USERNAMES: Final = frozenset(
    Path(__file__).with_name("reserved_usernames.txt").read_text(encoding="ascii").split()
)

_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")


def canonical_email(raw: str, _document: Mapping[str, Any] | None = None) -> CanonicalEmail:
    """Return the form in which an e-mail address is stored, compared and used as a recipient.

    The domain becomes its lower-case A-label (RFC 5890); the local part becomes lower case.

    Domains for special use that cannot receive mail from the internet, such as `.local` and `.test`, are rejected (RFC
    6761, RFC 6762, RFC 7686, RFC 8375). Other internal domains, such as `.internal` and `.lan`, are accepted.

    Raises:
        ValidationException: not an e-mail address, longer than 254 characters, its local part is not ASCII, or its
            domain is for special use.
    """
    local_part, separator, domain = raw.partition("@")
    if len(raw) > MAX_EMAIL_LENGTH or not separator or raw.count("@") != 1 or not local_part.isascii():
        raise _invalid_email()
    try:
        validated = validate_email(raw, check_deliverability=False, strict=True)
    except EmailNotValidError:  # the library's messages quote the input
        raise (_special_use_domain() if _is_special_use(domain) else _invalid_email()) from None
    # The library follows UTS #46, which maps full-width letters and other full stops and drops variation selectors.
    if not domain.isascii() and (domain.lower() != validated.domain or not unicodedata.is_normalized("NFKC", domain)):
        raise _invalid_email()
    return CanonicalEmail(f"{local_part.lower()}@{(validated.ascii_domain or '').lower()}")


def masked_email(email: str) -> str:
    """Return an e-mail address as `a***@e***.org`: its owner recognizes it, and mail programs make no link of it."""
    local_part, _, domain = email.partition("@")
    name, _, suffix = domain.rpartition(".")
    return f"{local_part[:1]}***@{name[:1]}***.{suffix}"


def canonical_username(raw: str) -> CanonicalUsername:
    """Return the form in which a username is stored, compared and shown: ASCII in lower case.

    Raises:
        ValidationException: not a valid username.
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
    """Return the canonical form of a username that a user wants to take.

    Raises:
        ValidationException: not a valid username, or reserved.
    """
    username = canonical_username(raw)
    if username in RESERVED_USERNAMES:
        raise ValidationException([FieldError("username", "reserved", "This username is reserved.")])
    return username


class Identifier(msgspec.Struct, frozen=True):
    """The e-mail address or username that a person entered to identify a user.

    Attributes:
        text: the canonical form, or the input unchanged if it is neither a valid e-mail address nor a valid username.
        email: the canonical e-mail address, if it is one.
        username: the canonical username, if it is one.
    """

    text: str
    email: CanonicalEmail | None = None
    username: CanonicalUsername | None = None


def parse_identifier(*, email: str | None, username: str | None) -> Identifier:
    """Parse an e-mail address or a username; a username that contains `@` is parsed as an e-mail address.

    Spaces around it are removed: keyboards of phones add them, and no identifier has any.
    """
    raw = (email if email is not None else username or "").strip(" ")
    try:
        if email is not None or "@" in raw:
            parsed_email = canonical_email(raw)
            return Identifier(parsed_email, email=parsed_email)
        parsed_username = canonical_username(raw)
        return Identifier(parsed_username, username=parsed_username)
    except ValidationException:
        return Identifier(raw)


def _invalid_email() -> ValidationException:
    return ValidationException([FieldError("email", "format", "Must be a valid e-mail address.")])


def _special_use_domain() -> ValidationException:
    message = "Must have a domain that can receive e-mail: names such as `.local` and `.test` are reserved."
    return ValidationException([FieldError("email", "reserved", message)])


def _is_special_use(domain: str) -> bool:
    labels = domain.lower().split(".")
    return labels[-1] in SPECIAL_USE_DOMAIN_NAMES and all(labels)
