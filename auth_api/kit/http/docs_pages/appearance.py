"""Lets both viewers follow a reader who wants dark pages; their bundles are taken as they are."""

from typing import Any, Final

from litestar import Request
from litestar.openapi.plugins import RedocRenderPlugin
from msgspec import json

SWAGGER_STYLE: Final = """\
<style>
body { margin: 0 }
html.dark-mode .swagger-ui .examples-select__section-label { color: #e4e6e6 }
</style>
<meta name="color-scheme" content="light dark">
<script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
</script>"""
"""Swagger UI has colours of its own for the night, once the document is of this class."""

REDOC_STYLE: Final = """\
<style>
body { margin: 0 }
@media (prefers-color-scheme: dark) {
  body { background: #0e1116; color: #e6e9ef }
  .menu-content, [role="search"] input { color: #e6e9ef }
  .menu-content svg polygon, .redoc-wrap button svg polygon, .redoc-wrap button svg path { fill: #a2acba }
  .redoc-wrap select, .redoc-wrap input { color: inherit }
}
</style>
<meta name="color-scheme" content="light dark">"""

_NIGHT: Final[dict[str, Any]] = {
    "theme": {
        "colors": {
            "primary": {"main": "#8fb1ff"},
            "success": {"main": "#6fd08c"},
            "warning": {"main": "#f0c36d"},
            "error": {"main": "#ffb0a6"},
            "text": {"primary": "#e6e9ef", "secondary": "#a2acba"},
            "border": {"dark": "#2a313c", "light": "#2a313c"},
            "responses": {
                "success": {"color": "#6fd08c", "backgroundColor": "#12261a", "tabTextColor": "#6fd08c"},
                "error": {"color": "#ffb0a6", "backgroundColor": "#2a1715", "tabTextColor": "#ffb0a6"},
            },
        },
        "schema": {
            "linesColor": "#6f7a8a",
            "nestedBackground": "#161b22",
            "typeNameColor": "#a2acba",
            "typeTitleColor": "#a2acba",
            "requireLabelColor": "#ffb0a6",
        },
        "sidebar": {
            "backgroundColor": "#161b22",
            "textColor": "#e6e9ef",
            "activeTextColor": "#8fb1ff",
        },
        "rightPanel": {"backgroundColor": "#161b22", "textColor": "#e6e9ef"},
        "codeBlock": {"backgroundColor": "#0e1116"},
        "typography": {
            "code": {"color": "#ffb0a6", "backgroundColor": "#161b22"},
            "links": {"color": "#8fb1ff", "visited": "#8fb1ff", "hover": "#b3caff"},
        },
        "fab": {"backgroundColor": "#161b22", "color": "#8fb1ff"},
    }
}
_OPTIONS: Final = b'matchMedia("(prefers-color-scheme: dark)").matches?' + json.encode(_NIGHT) + b":undefined"
_NO_OPTIONS: Final = b",undefined,document.getElementById('redoc-container')"


class RedocPage(RedocRenderPlugin):
    """ReDoc, in the colours that the reader has asked for when the page was opened."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page, with options where Litestar has none."""
        page = super().render(request, openapi_schema)
        return page.replace(_NO_OPTIONS, _NO_OPTIONS.replace(b"undefined", _OPTIONS))
