"""Protect an application that has no logins, with the configurations of the guides."""

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.oauth_clients.conftest import Provider, shown
from tests.oauth_clients.installing import install_oauth2_proxy
from tests.oauth_clients.running import running_application
from tests.support.browser import browser_page
from tests.support.installing import skipped_if_not_installed
from tests.support.processes import free_port
from tests.support.programs import program
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.clients

DOCS: Final = Path(__file__).parents[2] / "docs"
PROXY_PAGE: Final = (DOCS / "sign-in-to-oauth2-proxy.md").read_text(encoding="utf-8")
NGINX_PAGE: Final = (DOCS / "sign-in-to-nginx.md").read_text(encoding="utf-8")

NGINX: Final = """\
daemon off;
user root;
pid nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .; uwsgi_temp_path .; scgi_temp_path .;
"""
APACHE_MODULES: Final = "mpm_event authn_core authz_core authz_user proxy proxy_http auth_openidc"
APACHE: Final = """\
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
User daemon
Group daemon
"""


class Site:
    """The addresses and credentials of a protected application, instead of the examples of the guides."""

    def __init__(self, provider: Provider, name: str, upstream: int) -> None:
        self.port, self.proxy_port = free_port(), free_port()
        self.origin = f"http://localhost:{self.port}"
        self.redirect_uri = f"{self.origin}/oauth2/callback"
        variables = provider.register(name, "web", self.redirect_uri)
        self._examples = {
            "https://auth.example.com": provider.product.origin,
            "https://wiki.example.com": self.origin,
            "127.0.0.1:3000": f"127.0.0.1:{upstream}",
            "127.0.0.1:4180": f"127.0.0.1:{self.proxy_port}",
            "app_…": variables["OIDC_CLIENT_ID"],
            "cs_…": variables["OIDC_CLIENT_SECRET"],
            "listen 443 ssl": f"listen 127.0.0.1:{self.port}",
        }

    def adapted(self, text: str) -> str:
        """Return a configuration of a guide for this application; other secrets are new ones."""
        for example, value in self._examples.items():
            text = text.replace(example, value)
        return re.sub("ssl_certificate.*", "", text).replace("…", secrets.token_hex(16))

    async def visit(self, provider: Provider, page: Page) -> dict[str, Any]:
        """Open a page of the application, log in, and return the request that the application got."""
        await page.goto(f"{self.origin}/page?q=1")
        await provider.log_in(page)
        await page.wait_for_url(f"{self.origin}/page?q=1")
        return await shown(page)


async def test_oauth2_proxy_passes_the_user_until_the_log_out(
    provider: Provider, chromium: Browser, upstream: int, tmp_path: Path
) -> None:
    with skipped_if_not_installed():
        proxy = install_oauth2_proxy()
    site = Site(provider, "oauth2-proxy", upstream)
    configuration = site.adapted(blocks(PROXY_PAGE, "toml")[0]).replace(str(site.proxy_port), str(site.port))
    configuration = configuration.replace('cookie_refresh = "5m"', 'cookie_refresh = "1s"')
    (tmp_path / "oauth2-proxy.cfg").write_text(configuration + "cookie_secure = false\n", encoding="utf-8")
    command: list[str | Path] = [proxy, "--config", "oauth2-proxy.cfg"]
    with running_application(command, tmp_path, {}, port=site.port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            request = await site.visit(provider, visit.page)
            assert request["x-forwarded-preferred-username"] == "ada"
            assert request["x-forwarded-email"] == "ada@example.com"
            assert request["x-forwarded-groups"] == "editor"

            await visit.page.goto(f"{provider.product.origin}/account/logout")
            await visit.page.get_by_role("button", name="Log out").click()
            await expect(visit.page.get_by_text("You are logged out.")).to_be_visible()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while not visit.page.url.startswith(f"{provider.product.origin}/account/login?"):
                    await visit.page.goto(site.origin)


async def test_nginx_with_oauth2_proxy_passes_the_user_to_the_application(
    provider: Provider, chromium: Browser, upstream: int, tmp_path: Path
) -> None:
    nginx = program("nginx")
    with skipped_if_not_installed():
        proxy = install_oauth2_proxy()
    site = Site(provider, "nginx", upstream)
    settings = blocks(PROXY_PAGE, "toml")[0] + blocks(NGINX_PAGE, "toml")[0] + "cookie_secure = false\n"
    (tmp_path / "oauth2-proxy.cfg").write_text(site.adapted(settings), encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(NGINX + site.adapted(blocks(NGINX_PAGE, "nginx")[0]) + "}", encoding="utf-8")
    command: list[str | Path] = [proxy, "--config", "oauth2-proxy.cfg"]
    with (
        running_application(command, tmp_path, {}, port=site.proxy_port, log=tmp_path / "proxy.log"),
        running_application(
            [nginx, "-p", tmp_path, "-c", "nginx.conf"], tmp_path, {}, port=site.port, log=tmp_path / "nginx.log"
        ),
    ):
        async with browser_page(chromium) as visit:
            request = await site.visit(provider, visit.page)

    assert (request["x-user"], request["x-email"]) == ("ada", "ada@example.com")


async def test_apache_passes_the_user_to_the_application(
    provider: Provider, chromium: Browser, upstream: int, tmp_path: Path
) -> None:
    apache = program("apache2", package="apache2-bin libapache2-mod-auth-openidc")
    modules = Path("/usr/lib/apache2/modules")
    if not (modules / "mod_auth_openidc.so").exists():
        pytest.skip("mod_auth_openidc is not installed (Debian: apt-get install libapache2-mod-auth-openidc)")
    site = Site(provider, "Apache", upstream)
    loads = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in APACHE_MODULES.split())
    frame = APACHE.format(port=site.port, folder=tmp_path)
    (tmp_path / "apache.conf").write_text(
        f"ServerRoot {tmp_path}\n{loads}{frame}{site.adapted(blocks(NGINX_PAGE, 'apache')[0])}", encoding="utf-8"
    )
    command: list[str | Path] = [apache, "-f", tmp_path / "apache.conf", "-DFOREGROUND"]
    with running_application(command, tmp_path, {}, port=site.port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            request = await site.visit(provider, visit.page)

    assert request["oidc_claim_preferred_username"] == "ada"
    assert request["oidc_claim_email"] == "ada@example.com"
    assert request["oidc_claim_roles"] == "editor"
