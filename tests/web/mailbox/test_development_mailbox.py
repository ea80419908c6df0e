"""The development mailbox: it exists only if mail is written into a folder, and only for this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from auth_api.events.outbox.delivery import Delivery
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

LOOPBACK = ("127.0.0.1", 50000)
SMTP = {"SMTP_URL": "smtp://smtp.example.com", "MAIL_FROM": "auth_api <no-reply@example.com>"}

PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
    "PUBLIC_URL": "https://auth.company.test",
}


class Development:
    """An application in development mode, its mail folder, and HTTP clients with other addresses."""

    def __init__(self, other: OtherApp, folder: Path) -> None:
        self._other = other
        self.folder = folder

    @asynccontextmanager
    async def browser(
        self, *, peer: tuple[str, int] = LOOPBACK, host: str = "127.0.0.1:8000", version: str = "1.1"
    ) -> AsyncIterator[Any]:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["http_version"] = version
            await self._other.app(scope, receive, send)

        transport = httpx.ASGITransport(app=app, client=peer)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            yield client

    async def get(self, path: str, headers: Mapping[str, str] | None = None, **client_options: Any) -> httpx.Response:
        async with self.browser(**client_options) as client:
            return cast("httpx.Response", await client.get(path, headers=headers))

    async def mail(self, email: str) -> None:
        """Register a user, request a password reset, and write both mails into the folder."""
        person = {"email": email, "username": email.partition("@")[0], "password": "Correct-Horse-7-Staple"}
        await self._other.client.post("/api/auth/register", json=person)
        await self._other.client.post("/api/auth/password/forgot", json={"email": email})
        await self._other.services.of(Delivery).deliver_all()


@pytest.fixture
async def development(
    app_with: OtherAppFactory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Development]:
    folder = tmp_path / "mail"
    async with app_with(ENVIRONMENT="development", MAIL_FOLDER=str(folder), PUBLIC_URL="") as other:
        yield Development(other, folder)


async def test_mailbox_is_empty_before_the_first_mail(development: Development) -> None:
    response = await development.get("/dev/mailbox")

    assert response.status_code == 200
    assert "No e-mails yet" in response.text


async def test_mailbox_shows_the_newest_mail_first_with_its_link(development: Development) -> None:
    await development.mail("ada@example.com")
    await development.mail("grace@example.com")

    text = (await development.get("/dev/mailbox")).text

    assert 0 < text.index("grace@example.com") < text.index("ada@example.com")
    assert text.count("<strong>Set a new password</strong>") == 2
    assert text.count('<a href="http://localhost:8000/account/reset-password#token=ot_') == 2


async def test_file_names_order_mails_within_a_second(development: Development) -> None:
    """Files are sorted by name. By the number of a mail, 10 would come before 9."""
    await development.mail("ada@example.com")

    moments = [path.name.partition(".")[0] for path in sorted(development.folder.glob("*.eml"))]

    assert len(set(moments)) == len(moments) == 2
    assert {len(moment) for moment in moments} == {len("20260219103045") + len("123456")}


async def test_content_of_a_mail_is_escaped(development: Development) -> None:
    await development.mail("ada@example.com")
    path = max(development.folder.glob("*.eml"))  # the newest
    path.write_bytes(path.read_bytes().replace(b"Hello", b"<script>"))

    assert "&lt;script&gt;" in (await development.get("/dev/mailbox")).text


async def test_html_part_is_a_sandboxed_document_without_scripts(development: Development) -> None:
    await development.mail("ada@example.com")
    path = max(development.folder.glob("*.eml"))  # the newest

    response = await development.get(f"/dev/mailbox/html/{path.stem}")

    (policy,) = response.headers.get_list("content-security-policy")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "Set a new password</a>" in response.text
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'none'"} <= {part.strip() for part in policy.split(";")}
    assert response.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fetc%2fpasswd", "%00", "a" * 300])
async def test_other_files_are_not_found(development: Development, name: str) -> None:
    await development.mail("ada@example.com")

    async with development.browser() as client:
        response = await client.get(httpx.URL("http://127.0.0.1:8000", raw_path=f"/dev/mailbox/html/{name}".encode()))

    assert_problem(response, 404, "NOT_FOUND")


async def test_mailbox_has_the_policy_of_the_pages_and_is_not_stored(development: Development) -> None:
    page, user = await development.get("/dev/mailbox"), await development.get("/account/report")

    assert page.headers["content-security-policy"] == user.headers["content-security-policy"]
    assert page.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/dev/mailbox", "/dev/mailbox/html/x"])
@pytest.mark.parametrize(
    "client_options",
    [{"peer": ("192.168.1.20", 50000)}, {"peer": ("203.0.113.7", 50000)}, {"host": "rebound.example.com"}],
    ids=["private-network", "internet", "dns-rebinding"],
)
async def test_mailbox_is_not_found_from_another_machine(
    development: Development, path: str, client_options: dict[str, Any]
) -> None:
    assert_problem(await development.get(path, **client_options), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Real-IP", "Via"],
)
async def test_mailbox_is_not_found_through_a_proxy(development: Development, header: str) -> None:
    response = await development.get("/dev/mailbox", headers={header: "127.0.0.1"})

    assert_problem(response, 404, "NOT_FOUND")


async def test_mailbox_is_not_found_through_nginx_without_further_configuration(development: Development) -> None:
    """`proxy_pass` itself adds no header and replaces `Host`; before version 1.29.7, it sends HTTP/1.0."""
    headers = {"Host": "127.0.0.1:8000", "Connection": "close"}

    assert_problem(await development.get("/dev/mailbox", headers=headers, version="1.0"), 404, "NOT_FOUND")


async def test_mailbox_is_not_found_without_a_host(development: Development) -> None:
    """HTTP/1.0, which many proxies use, has no `Host` header."""
    async with development.browser(version="1.0") as client:
        request = client.build_request("GET", "/dev/mailbox")
        del request.headers["host"]
        response = await client.send(request)

    assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "[::1]:8000", "0.0.0.0:8000"])
async def test_mailbox_accepts_every_local_host_name(development: Development, host: str) -> None:
    response = await development.get("/dev/mailbox", peer=("::1", 50000), host=host)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "variables",
    [
        {"ENVIRONMENT": "testing", "MAIL_FOLDER": "./mail"},
        {"ENVIRONMENT": "testing", **SMTP},
        {"ENVIRONMENT": "development", **SMTP},
        {"MAIL_FOLDER": "./mail", **PRODUCTION},
        {"MAIL_FOLDER": "./mail", **PRODUCTION, **SMTP},
    ],
    ids=["testing", "testing-smtp", "development-smtp", "production", "production-smtp"],
)
async def test_mailbox_does_not_exist_unless_mail_is_written_into_a_folder(
    app_with: OtherAppFactory, variables: dict[str, str]
) -> None:
    async with app_with(**variables) as other:
        response = await Development(other, Path()).get("/dev/mailbox")

    assert_problem(response, 404, "NOT_FOUND")


async def test_mailbox_has_its_style_sheet_with_pages_on_a_frontend(app_with: OtherAppFactory, tmp_path: Path) -> None:
    async with app_with(
        ENVIRONMENT="development", MAIL_FOLDER=str(tmp_path), FRONTEND_URL="http://localhost:3000"
    ) as other:
        pages = Development(other, tmp_path)
        page, style, user = [
            (await pages.get(path)).status_code for path in ("/dev/mailbox", "/assets/pages.css", "/account/report")
        ]

    assert (page, style, user) == (200, 200, 404)
