"""The server at a redirect URI of this machine takes one response, and nothing else."""

import asyncio
import socket

import httpx
import pytest

from auth_api.oauth.try_out.callback import callback_server
from tests.support.processes import free_port
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.engine_independent


async def statuses(*urls: str) -> list[int]:
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as browser:
        return [(await browser.get(url)).status_code for url in urls]


async def test_callback_ignores_what_is_not_the_response() -> None:
    registered = f"http://localhost:{free_port()}/callback"
    async with callback_server(registered, "right", any_port=False) as (uri, arrival):
        assert uri == registered
        port = uri.split(":")[2].split("/")[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"garbage\r\n\r\n")
        assert await reader.read() == b""
        other = [f"{uri}?state=wrong&code=a", f"{uri}?code=a", uri.replace("callback", "favicon.ico") + "?state=right"]
        assert await statuses(*other) == [404, 404, 404]
        assert not arrival.done()

        assert await statuses(f"{uri}?state=right&code=a%20b&iss=x", f"{uri}?state=right&code=second") == [200, 200]
        assert await arrival == {"state": "right", "code": "a b", "iss": "x"}
        writer.close()


async def test_callback_of_a_native_application_takes_a_free_port() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        for authority in (f"127.0.0.1:{other.getsockname()[1]}", "127.0.0.1", "localhost"):
            registered = f"http://{authority}/back"
            async with callback_server(registered, "s", any_port=True) as (uri, arrival):
                assert uri.split(":")[:2] == f"http://{authority}".split(":")[:2]
                assert uri.rpartition(":")[2] not in {"80/back", registered.rpartition(":")[2]}
                assert await statuses(f"{uri}?state=s") == [200]
                assert await arrival == {"state": "s"}
