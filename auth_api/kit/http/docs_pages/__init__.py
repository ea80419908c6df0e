"""Swagger UI and ReDoc, served from this package without contacting any other host.

The build copies their files out of a package into `bundles/`, which is not in git.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from litestar import Router, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, RedocRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import License, Server, Tag
from litestar.response import Redirect

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.static_files import static_files_router

PATH: Final = "/schema"
ASSETS: Final = f"{PATH}/assets"
BUNDLES: Final = Path(__file__).parent / "bundles"

_SWAGGER_STYLE: Final = """\
<style>
body { margin: 0 }
html.dark-mode .swagger-ui .examples-select__section-label { color: #e4e6e6 }
.swagger-ui .error-response { border: 0; padding: 0; background: none; color: inherit; cursor: pointer; font: inherit;
  overflow-wrap: anywhere; text-align: start; text-decoration: underline dotted; text-underline-offset: 0.2em }
</style>
<meta name="color-scheme" content="light dark">
<script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const shortErrors = () => ({
  wrapComponents: {
    response: (Response, { React: { createElement, useState } }) => (props) => {
      const [isOpen, setOpen] = useState(Number(props.code) < 400);
      if (isOpen) return createElement(Response, props);
      const open = { className: "error-response", type: "button", onClick: () => setOpen(true) };
      const codes = props.response.get("description").match(/(?<=`)[A-Z_]+(?=`:)/g) ?? ["Show"];
      const button = createElement("button", open, codes.join(", "));
      return createElement("tr", { className: "response" },
        createElement("td", { className: "response-col_status" }, props.code),
        createElement("td", { className: "response-col_description", colSpan: 2 }, button));
    },
  },
});
const persistAuthorization = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
const Bundle = SwaggerUIBundle;
const start = (options) => Bundle({ ...options, persistAuthorization, plugins: [shortErrors] });
window.SwaggerUIBundle = Object.assign(start, Bundle);
</script>"""
"""Sets the class by which Swagger UI turns dark, as the reader prefers. Shows errors in one line until clicked.
Remembers the access token on the machine of the server, for development."""


def openapi_config(*, title: str, version: str, description: str, tags: Mapping[str, str], base: str) -> OpenAPIConfig:
    """Return the configuration of Swagger UI, ReDoc and the OpenAPI document (JSON and YAML) below `/schema`.

    Args:
        title: of the document and the pages.
        version: of the API.
        description: of the API, in Markdown.
        tags: the groups of operations, with their descriptions.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """
    assets = f"{base}{ASSETS}"
    icon = f'<link rel="icon" type="image/png" href="{assets}/favicon-32x32.png">'
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description,
        tags=[Tag(name=name, description=description) for name, description in tags.items()],
        license=License(name="MIT", identifier="MIT"),
        servers=[Server(url=base or "/")],
        use_handler_docstrings=True,
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{assets}/swagger-ui-bundle.js",
                css_url=f"{assets}/swagger-ui.css",
                standalone_preset_js_url=f"{assets}/swagger-ui-standalone-preset.js",
                favicon=icon,
                style=_SWAGGER_STYLE,
            ),
            RedocRenderPlugin(js_url=f"{assets}/redoc.standalone.js", google_fonts=False, favicon=icon),
            JsonRenderPlugin(),
            YamlRenderPlugin(),
        ],
        openapi_router=Router(PATH, route_handlers=[], include_in_schema=False, opt={ACCESS: PUBLIC}),
    )


def docs_routers(base: str) -> list[Router]:
    """Return the routes of the bundles, and the redirects from `/docs` and `/redoc`, the usual paths of these pages."""

    @get("/docs")
    async def to_swagger() -> Redirect:
        return Redirect(f"{base}{PATH}/swagger")

    @get("/redoc")
    async def to_redoc() -> Redirect:
        return Redirect(f"{base}{PATH}/redoc")

    assets = static_files_router(ASSETS, BUNDLES, name="docs-assets")
    shortcuts = Router("/", route_handlers=[to_swagger, to_redoc], include_in_schema=False, opt={ACCESS: PUBLIC})
    return [assets, shortcuts]
