"""The languages of the pages. The texts in templates and code are English; each other language translates them."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from auth_api.kit.language_tags import preferred_languages

SOURCE_LANGUAGE: Final = "en"
"""The language of the texts in templates and code."""

LANGUAGES: Final = {SOURCE_LANGUAGE: "English", "de": "Deutsch"}
"""The languages by tag (BCP 47), each with its own name for itself."""

MESSAGES: Final = Path(__file__).parent / "messages"
"""The folder of the translations: a file `TAG.po` per language, which the build compiles to `TAG.mo`."""


def _(text: str) -> str:
    """Mark a text in code for translation, and return it unchanged.

    `make messages` finds the calls by this name. The text is translated when it is shown, by `translations`.
    """
    return text


def choose_language(*, asked: str | None, locale: str | None, accepted: str | None, default: str) -> str:
    """Return the language of a page: the first of these that the pages have.

    Args:
        asked: the tag in the address of the page; ignored unless it is one of `LANGUAGES`.
        locale: the language tags that the user prefers, separated by commas.
        accepted: the language tags that the browser accepts, separated by commas, most preferred first.
        default: the language if the others lead to none.
    """
    if asked in LANGUAGES:
        return asked
    wanted = (*preferred_languages(locale), *preferred_languages(accepted))
    return next((language for language in wanted if language in LANGUAGES), default)


def language_of_locales(ui_locales: str | None) -> str | None:
    """Return the first language of an OpenID parameter that the pages have; None if they have none of them.

    Args:
        ui_locales: language tags in order of preference, separated by spaces (OpenID Connect Core §3.1.2.1).
    """
    wanted = preferred_languages(",".join((ui_locales or "").split()))
    return next((language for language in wanted if language in LANGUAGES), None)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the translations of a language, which is one of `LANGUAGES`.

    Raises:
        FileNotFoundError: the package was not built.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.GNUTranslations(BytesIO((MESSAGES / f"{language}.mo").read_bytes()))
