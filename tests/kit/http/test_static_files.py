"""Files of a folder: their entity tags depend on the content only."""

import os
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from auth_api.kit.http.static_files import static_files_router

pytestmark = pytest.mark.engine_independent


async def etag_of(folder: Path, *, method: str = "GET") -> str:
    app = Litestar([static_files_router("/files", folder, name="files")], openapi_config=None, logging_config=None)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.request(method, "/files/a.css")
    assert response.status_code == 200
    return response.headers["etag"]


def write(folder: Path, content: str, *, modified_at: int) -> None:
    file = folder / "a.css"
    file.write_text(content, encoding="utf-8")
    os.utime(file, (modified_at, modified_at))


async def test_etag_is_the_same_on_every_instance(tmp_path: Path) -> None:
    write(tmp_path, "a {}", modified_at=1_700_000_000)
    first = await etag_of(tmp_path)
    write(tmp_path, "a {}", modified_at=1_800_000_000)

    assert await etag_of(tmp_path) == first
    assert await etag_of(tmp_path, method="HEAD") == first


async def test_etag_changes_with_the_content(tmp_path: Path) -> None:
    write(tmp_path, "a {}", modified_at=1_700_000_000)
    first = await etag_of(tmp_path)
    write(tmp_path, "b {}", modified_at=1_700_000_000)

    assert await etag_of(tmp_path) != first
