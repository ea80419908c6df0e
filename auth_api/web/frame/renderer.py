"""Render the pages from templates, in the language of the person who reads them."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from auth_api.web.frame.languages import translations

WEB: Final = Path(__file__).parent.parent


def render(template: str, *, language: str, **values: Any) -> str:
    """Return a page. All values are escaped.

    Args:
        template: the package and the file, as in `sign_in/login.html`.
        language: one of `LANGUAGES`.
        values: what the template uses.
    """
    return environment(language).get_template(template).render(language=language, **values)


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
    found.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return found
