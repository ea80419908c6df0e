"""Serve the files of a folder of this package."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.datastructures import CacheControlHeader, ETag
from litestar.handlers import BaseRouteHandler
from litestar.response.file import ASGIFileResponse
from litestar.static_files import create_static_files_router

from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.access import ACCESS, PUBLIC


def static_files_router(path: str, directory: Path, *, name: str) -> Router:
    """Return a router that serves the files directly inside a folder, and nothing else.

    Clients revalidate each file before they use it: during a rolling upgrade, no page keeps the other version's files.

    Args:
        path: where the files are served.
        directory: the folder.
        name: of the handlers, unique within the application.
    """
    # Read once: a guard runs in the event loop, which must not wait for a disk.
    known_names = frozenset(file.name for file in directory.glob("*"))

    def require_known_name(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        # The file system raises for names that are too long or contain NUL, so it is asked only for known ones.
        if str(connection.path_params["file_path"]).strip("/") not in known_names:
            raise NotFoundException

    etags: dict[str, ETag] = {}

    async def set_etag(response: ASGIFileResponse) -> ASGIFileResponse:
        # Litestar's is made of time and size: it differs between instances, and may stay the same in a new version.
        path = str(response.file_path)
        if path not in etags:
            etags[path] = ETag(value=await asyncio.to_thread(_digest, path))
        response.etag = etags[path]
        return response

    return create_static_files_router(
        path=path,
        directories=[directory],
        name=name,
        guards=[require_known_name],
        after_request=set_etag,  # type: ignore[arg-type]
        cache_control=CacheControlHeader(no_cache=True),
        include_in_schema=False,
        opt={ACCESS: PUBLIC},
    )


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
