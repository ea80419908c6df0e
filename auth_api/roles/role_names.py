"""The form of the names of roles."""

import re
from typing import Final

from auth_api.kit.errors import FieldError, ValidationException

MIN_CHARACTERS: Final = 2
MAX_CHARACTERS: Final = 50

PATTERN: Final = r"^[a-z][a-z0-9-]*[a-z0-9]\Z"


def is_role_name(text: str) -> bool:
    """Return whether a text has the form of a role's name. A NUL, which PostgreSQL refuses, has not."""
    return MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and re.match(PATTERN, text) is not None


def check_role_name(text: str) -> str:
    """Return the name of a new role.

    Raises:
        ValidationException: the name has another form.
    """
    if not is_role_name(text):
        message = (
            f"Must have {MIN_CHARACTERS} to {MAX_CHARACTERS} characters: lower-case letters, digits and hyphens, "
            "first a letter, last no hyphen."
        )
        raise ValidationException([FieldError("name", "format", message)])
    return text
