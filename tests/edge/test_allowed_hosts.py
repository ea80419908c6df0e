"""ALLOWED_HOSTS: the server accepts only its own host names, except for probes, which use IP addresses."""

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

HOSTS = '["auth.example.com", "[::1]"]'


async def test_allowed_host_is_accepted_in_any_case_and_with_any_port(app_with: OtherAppFactory) -> None:
    hosts = ("auth.example.com", "auth.example.com:8443", "AUTH.Example.com", "[::1]", "[::1]:80")
    async with app_with(ALLOWED_HOSTS=HOSTS) as other:
        responses = [await other.client.get("/.well-known/jwks.json", headers={"Host": host}) for host in hosts]

    assert [response.status_code for response in responses] == [200] * len(hosts)


async def test_other_host_is_rejected(app_with: OtherAppFactory) -> None:
    hosts = ("evil.example.com", "auth.example.com.evil.com", "x.auth.example.com", "127.0.0.1", "[::2]", "[::1", "")
    async with app_with(ALLOWED_HOSTS=HOSTS) as other:
        for host in hosts:
            response = await other.client.get("/.well-known/jwks.json", headers={"Host": host})

            assert_problem(response, 400, "HOST_NOT_ALLOWED")


async def test_other_host_is_rejected_on_every_path_except_probes(app_with: OtherAppFactory) -> None:
    async with app_with(ALLOWED_HOSTS=HOSTS, DOCS_ENABLED="true") as other:
        for path in ("/api/user/profile", "/nope", "/schema/swagger", "/docs", "/healthy"):
            response = await other.client.get(path, headers={"Host": "evil.example.com"})

            assert_problem(response, 400, "HOST_NOT_ALLOWED")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_probe_accepts_any_host(app_with: OtherAppFactory, path: str) -> None:
    async with app_with(ALLOWED_HOSTS=HOSTS) as other:
        response = await other.client.get(path, headers={"Host": "10.0.0.7:8000"})

    assert response.status_code == 200


async def test_preflight_to_another_host_is_rejected(app_with: OtherAppFactory) -> None:
    headers = {
        "Host": "evil.example.com",
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
    }

    async with app_with(ALLOWED_HOSTS=HOSTS) as other:
        response = await other.client.options("/api/auth/login", headers=headers)

    assert_problem(response, 400, "HOST_NOT_ALLOWED")


async def test_any_host_is_accepted_by_default(client: httpx.AsyncClient) -> None:
    response = await client.get("/.well-known/jwks.json", headers={"Host": "whatever.example.com"})

    assert response.status_code == 200
