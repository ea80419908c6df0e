"""GET /assets/…: the files that pages load."""

from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.web.frame.page_assets import ASSETS_PATH, PageAssets

_FILE: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False}


class AssetController(Controller):
    """The files of the pages. Clients revalidate them: in a rolling upgrade, no page keeps those of another version."""

    path = ASSETS_PATH

    @get("/{name:str}", **_FILE)
    async def show(self, name: FromPath[str], page_assets: Injected[PageAssets]) -> Response[bytes]:
        """Return a file."""
        asset, etag = page_assets.find(name)
        headers = {"Cache-Control": "no-cache", "ETag": etag}
        return Response(asset.content, media_type=asset.media_type, headers=headers)
