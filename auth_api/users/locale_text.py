"""The languages that a user prefers, as text."""

from collections.abc import Mapping
from typing import Any

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.language_tags import LANGUAGE_TAG


def checked_locale(raw: str, _document: Mapping[str, Any] | None = None) -> str:
    """Return language tags (BCP 47) unchanged. Languages without texts are accepted: they are for other applications.

    Raises:
        ValidationException: not one or several language tags, separated by commas.
    """
    if not all(LANGUAGE_TAG.fullmatch(tag) for tag in raw.split(",")):
        message = "Must be a language tag such as `de` or `pt-BR`, or several, separated by commas."
        raise ValidationException([FieldError("locale", "format", message)])
    return raw
