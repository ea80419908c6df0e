"""A product whose users log in by a real OpenID provider, and a browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser

from tests.conftest import DeploymentFactory
from tests.providers.running import UpstreamServer, running_keycloak, running_oidc_provider
from tests.support.installed_browsers import chromium_or_skip
from tests.support.installing import skipped_if_not_installed
from tests.support.processes import free_port
from tests.support.product import Product, running_product

ROLE_MAP = '{"helpdesk": ["support"], "owners": ["administrator-of-nothing"]}'
"""The second role does not exist."""


@dataclass(frozen=True)
class Federation:
    """A product and the provider that its users log in by."""

    product: Product
    upstream: UpstreamServer


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser, shared by the tests of this folder."""
    async with chromium_or_skip() as browser:
        yield browser


@pytest.fixture(scope="module")
async def with_oidc_provider(
    deployment_factory: DeploymentFactory, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Federation]:
    """Two workers of auth_api with oidc-provider as the provider `acme`, whose addresses are trusted."""
    port, folder = free_port(), tmp_path_factory.mktemp("upstream")
    with skipped_if_not_installed(), running_oidc_provider(free_port(), redirect_uri(port, "acme"), folder) as upstream:
        variables = upstream.variables("acme", NAME="Acme ID", TRUST_EMAIL="true")
        with running_product(await deployment_factory(), workers=2, port=port, **variables) as product:
            yield Federation(product, upstream)


@pytest.fixture(scope="module")
async def with_keycloak(
    deployment_factory: DeploymentFactory, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Federation]:
    """Two workers of auth_api with Keycloak as the provider `company`, whose groups give roles."""
    port, folder = free_port(), tmp_path_factory.mktemp("upstream")
    with skipped_if_not_installed(), running_keycloak(free_port(), redirect_uri(port, "company"), folder) as upstream:
        roles = {"ROLE_CLAIM": "groups", "ROLE_MAP": ROLE_MAP, "ROLE_MAP_ADMINISTRATIVE": "true"}
        variables = upstream.variables("company", NAME="Company", TRUST_EMAIL="true", **roles)
        with running_product(await deployment_factory(), workers=2, port=port, **variables) as product:
            yield Federation(product, upstream)


def redirect_uri(port: int, provider: str) -> str:
    """Return the callback of a product on this port."""
    return f"http://localhost:{port}/api/auth/providers/{provider}/callback"
