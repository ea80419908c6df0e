"""Render the pages from templates, in the language of the person who reads them."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from auth_api.one_time_tokens.purpose import Purpose
from auth_api.users.identifiers import MAX_USERNAME_LENGTH, MIN_USERNAME_LENGTH
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.languages import LANGUAGES, SOURCE_LANGUAGE, translations

WEB: Final = Path(__file__).parent.parent


def render(template: str, *, language: str, **values: Any) -> str:
    """Return a page. All values are escaped.

    Args:
        template: the package and the file, as in `sign_in/login.html`.
        language: one of `LANGUAGES`.
        values: what the template uses.
    """
    return environment(language).get_template(template).render(language=language, **values)


def render_document(
    template: str, *, brand: Brand, base: str, page: str, language: str = SOURCE_LANGUAGE, **values: Any
) -> str:
    """Return a page that knows nothing about its reader: it has no form, and is not linked in other languages.

    Args:
        template: as in `render`.
        brand: the name, logo and links on the page.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        page: the name of the page.
        language: one of `LANGUAGES`.
        values: what the template uses.
    """
    common = {
        "brand": brand,
        "base": base,
        "languages": [(language, LANGUAGES[language], "")],
        "page": page,
        "pages": frozenset(),
        "problem": None,
        "field_errors": {},
        "user": None,
        "providers": [],
        "journey": {},
        "link": {},
        "done": None,
        "values": {},
    }
    return render(template, language=language, **{**common, **values})


@cache
def environment(language: str) -> jinja2.Environment:
    """Return the templates of all packages of `web`, in one language. Those of the frame need no prefix."""
    packages = {folder.parent.name: jinja2.FileSystemLoader(folder) for folder in WEB.glob("*/templates")}
    found = jinja2.Environment(
        loader=jinja2.ChoiceLoader([packages["frame"], jinja2.PrefixLoader(packages)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["link_hours"] = {purpose.value: purpose.lifetime // timedelta(hours=1) for purpose in Purpose}
    found.globals["username_lengths"] = (MIN_USERNAME_LENGTH, MAX_USERNAME_LENGTH)
    found.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return found
