"""The texts of the pages: templates, in one folder per language."""

import re
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

LANGUAGE: Final = "en"

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / LANGUAGE),
    autoescape=True,
    undefined=StrictUndefined,
)


def _prose(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


_ENVIRONMENT.filters["prose"] = _prose


def rendered(template: str, **values: Any) -> str:
    """Return a page; every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(values)
