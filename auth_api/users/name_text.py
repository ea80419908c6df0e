"""Names of people: text in any script, without characters that deceive its readers."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from auth_api.kit.errors import FieldError, ValidationException

MAX_RAW_FACTOR: Final = 4
"""Code points that normalization composes into one; longer input is refused without the quadratic normalization."""

_SPACES: Final = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")

_SPELLING: Final = re.compile(
    "(?<=[^\x00-\u02ff\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[^\x00-\u02ff\u200c\u200d])[\u200c\u200d](?=[^\x00-\u02ff\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])"
)
"""Invisible, but part of the spelling in scripts other than Latin: joiners between two characters, as in Persian and
Hindi, and the choice of a variant of the character before, as in Japanese."""

_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Unicode calls printable, but that are shown as nothing."""


def canonical_name(raw: str, _document: Mapping[str, Any] | None = None, *, max_length: int) -> str:
    """Return the form in which a name is stored: in Unicode's form NFC, with single spaces and none around it.

    The treatment of spaces is that of RFC 8266 §2.1.

    Raises:
        ValidationException: it is empty or longer than `max_length` characters, or has characters that are invisible or
            change the direction of text.
    """
    if len(raw) > MAX_RAW_FACTOR * max_length:
        raise _too_long(max_length)
    name = unicodedata.normalize("NFC", _SPACES.sub(" ", raw).strip(" "))
    if not name:
        raise ValidationException([FieldError("name", "too_short", "Must have a character that is not a space.")])
    if len(name) > max_length:
        raise _too_long(max_length)
    seen = _SPELLING.sub("", name)
    if not seen.isprintable() or _BLANK.search(seen) or unicodedata.category(seen[0])[0] == "M":
        message = "Must not contain invisible characters or characters that change the direction of text."
        raise ValidationException([FieldError("name", "invisible_character", message)])
    return name


def _too_long(max_length: int) -> ValidationException:
    return ValidationException([FieldError("name", "too_long", f"Must have at most {max_length} characters.")])
