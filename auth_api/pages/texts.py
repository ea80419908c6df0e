"""The texts of the pages: templates, in one folder per language."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

LANGUAGE: Final = "en"

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / LANGUAGE),
    autoescape=True,
    undefined=StrictUndefined,
)


def rendered(template: str, **values: Any) -> str:
    """Return a page; every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(values)
