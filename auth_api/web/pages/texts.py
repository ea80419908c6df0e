"""Render the pages from templates, in one folder per language."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

LANGUAGE: Final = "en"


def render_page(template: str, **values: Any) -> str:
    """Return a page. All values are escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates" / LANGUAGE)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
