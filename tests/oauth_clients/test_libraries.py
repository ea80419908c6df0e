"""Sign in to applications that use real libraries, with the variables that `clients add` prints."""

import sys
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, expect

from tests.oauth_clients.conftest import Provider, goodbye_of, shown
from tests.oauth_clients.installing import install_go_client, install_node_clients, install_spring_client
from tests.oauth_clients.running import running_application
from tests.support.browser import browser_page
from tests.support.installing import skipped_if_not_installed
from tests.support.processes import free_port
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.clients

GUIDE: Final = (Path(__file__).parents[2] / "docs" / "sign-in-to-your-app.md").read_text(encoding="utf-8")


def assert_is_ada(userinfo: dict[str, Any]) -> None:
    assert userinfo["preferred_username"] == "ada"
    assert userinfo["email"] == "ada@example.com"
    assert userinfo["email_verified"] is True


async def test_openid_client_signs_in_refreshes_revokes_and_logs_out(
    provider: Provider, chromium: Browser, tmp_path: Path
) -> None:
    with skipped_if_not_installed():
        folder = install_node_clients()
    port = free_port()
    redirect_uri = f"http://localhost:{port}/callback"
    variables = provider.register("Node", "web", redirect_uri, "--scope", "offline_access")
    with running_application(["node", "server.mjs"], folder, variables, port=port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            await visit.page.goto(f"http://localhost:{port}/login")
            await provider.log_in(visit.page)
            await visit.page.wait_for_url(f"{redirect_uri}?*")
            answer = await shown(visit.page)
            assert_is_ada(answer["userinfo"])
            assert answer["id_token"]["roles"] == ["editor"]
            assert (answer["active"], answer["after"]) == (True, "invalid_grant")

            await visit.page.goto(answer["logout"])
            await visit.page.wait_for_url(f"{goodbye_of(redirect_uri)}?state=left")
            await visit.page.goto(f"{provider.product.origin}/account")
            await expect(visit.page.get_by_label("Username or e-mail address")).to_be_visible()


async def test_go_oidc_signs_in_and_refreshes(provider: Provider, chromium: Browser, tmp_path: Path) -> None:
    with skipped_if_not_installed():
        program = install_go_client()
    port = free_port()
    redirect_uri = f"http://localhost:{port}/callback"
    variables = provider.register("Go", "web", redirect_uri)
    with running_application([program], tmp_path, variables, port=port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            await visit.page.goto(f"http://localhost:{port}/login")
            await provider.log_in(visit.page)
            await visit.page.wait_for_url(f"{redirect_uri}?*")
            assert_is_ada((await shown(visit.page))["userinfo"])


async def test_example_of_the_guide_is_refused_signs_in_and_logs_out(
    provider: Provider, chromium: Browser, tmp_path: Path
) -> None:
    (code,) = blocks(GUIDE, "python")
    (tmp_path / "notes.py").write_text(code, encoding="utf-8")
    port = free_port()
    redirect_uri = f"http://localhost:{port}/callback"
    variables = {**provider.register("Notes", "web", redirect_uri), "SESSION_SECRET": "of the tests"}
    command = [sys.executable, "-m", "uvicorn", "notes:app", "--port", str(port)]
    with running_application(command, tmp_path, variables, port=port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            await visit.page.goto(f"http://localhost:{port}/")
            await provider.log_in(visit.page, answer="Deny")
            await visit.page.wait_for_url(f"{redirect_uri}?*")
            assert await shown(visit.page) == {"error": "access_denied"}
        async with browser_page(chromium) as visit:
            await visit.page.goto(f"http://localhost:{port}/")
            await provider.log_in(visit.page)
            await visit.page.wait_for_url(f"http://localhost:{port}/")
            await expect(visit.page.get_by_text("Hello ada")).to_be_visible()
            await visit.page.get_by_role("button", name="Log out").click()
            await visit.page.wait_for_url(f"{goodbye_of(redirect_uri)}?state=*")


async def test_spring_security_signs_in_and_accepts_access_tokens(
    provider: Provider, chromium: Browser, tmp_path: Path
) -> None:
    with skipped_if_not_installed():
        folder = install_spring_client()
    (tmp_path / "application.yml").write_text(blocks(GUIDE, "yaml")[0], encoding="utf-8")
    port = free_port()
    redirect_uri = f"http://localhost:{port}/login/oauth2/code/auth-api"
    variables = {**provider.register("Spring", "web", redirect_uri), "SERVER_PORT": str(port)}
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}:{folder}/lib/*", "app.App"]
    with running_application(command, tmp_path, variables, port=port, log=tmp_path / "log"):
        async with browser_page(chromium) as visit:
            await visit.page.goto(f"http://localhost:{port}/")
            await provider.log_in(visit.page)
            await visit.page.wait_for_url(f"http://localhost:{port}/?continue")
            answer = await shown(visit.page)
            assert_is_ada(answer["userinfo"])

            headers = {"Authorization": f"Bearer {answer['access_token']}"}
            response = await visit.page.request.get(f"http://localhost:{port}/api/claims", headers=headers)
            assert (await response.json())["client_id"] == variables["OIDC_CLIENT_ID"]
            headers = {"Authorization": f"Bearer {answer['id_token_value']}"}
            response = await visit.page.request.get(f"http://localhost:{port}/api/claims", headers=headers)
            assert response.status == 401

            await visit.page.goto(f"http://localhost:{port}/logout")
            await visit.page.get_by_role("button", name="Log Out").click()
            await visit.page.wait_for_url(goodbye_of(redirect_uri))
