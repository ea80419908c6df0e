"""Render the pages from templates, in one folder per language."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

LANGUAGE: Final = "en"


def render_page(template: str, **values: Any) -> str:
    """Return a page. All values are escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates" / LANGUAGE)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["prose"] = _prose
    return environment


def _prose(text: str) -> Markup:
    """Return a text of the error catalogue with the parts between backticks as `<code>`."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
