"""Run OpenID providers on loopback, with a client for auth_api."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.providers.installing import install_keycloak, install_oidc_provider
from tests.support.programs import running_program
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

CLIENT_ID: Final = "auth-api"
OIDC_CLIENT: Final = ("a client: of+the%provider", "a secret: of+the%client")
"""Each character has to be encoded in Basic authentication (RFC 6749 §2.3.1)."""
KEYCLOAK_SECRET: Final = "a-secret-of-the-tests"
KEYCLOAK_PASSWORD: Final = "Kc-horse-battery-1"
STARTUP_SECONDS: Final = 300
"""Keycloak takes about 45 s at its first start."""


@dataclass(frozen=True)
class UpstreamServer:
    """A provider that runs.

    Attributes:
        issuer: its URL.
        client: the id and the secret of the client of auth_api.
    """

    issuer: str
    client: tuple[str, str]

    def variables(self, name: str, **more: str) -> dict[str, str]:
        """Return the settings of a server that uses it as the provider `name`."""
        prefix = f"PROVIDER_{name.upper()}"
        settings = {"ISSUER": self.issuer, "CLIENT_ID": self.client[0], "CLIENT_SECRET": self.client[1], **more}
        return {"PROVIDERS": f'["{name}"]', **{f"{prefix}_{key}": value for key, value in settings.items()}}


@contextmanager
def running_oidc_provider(
    port: int,
    redirect_uri: str,
    folder: Path,
    *,
    algorithm: str = "ES256",
    authentication: str = "client_secret_basic",
) -> Iterator[UpstreamServer]:
    """Start oidc-provider. Each start has a new signing key and forgets who is signed in.

    Args:
        port: of the provider.
        redirect_uri: where it leads browsers back to.
        folder: gets its log.
        algorithm: of the signatures of ID tokens.
        authentication: how the client proves its secret.
    """
    program = ["node", "server.mjs", str(port), algorithm, authentication, *OIDC_CLIENT, redirect_uri]
    with running_program(program, install_oidc_provider(), dict(os.environ), folder / "oidc-provider.log"):
        server = UpstreamServer(f"http://localhost:{port}", OIDC_CLIENT)
        _wait_until_ready(server)
        yield server


@contextmanager
def running_keycloak(port: int, redirect_uri: str, folder: Path) -> Iterator[UpstreamServer]:
    """Start Keycloak with the realm `company` and a database in memory."""
    home = install_keycloak()
    (home / "data" / "import").mkdir(parents=True, exist_ok=True)
    (home / "data" / "import" / "company.json").write_text(json.dumps(realm(redirect_uri)), encoding="utf-8")
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin",
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx400m",
    }
    options = ["--import-realm", "--db=dev-mem", "--cache=local", "--http-host=127.0.0.1", f"--http-port={port}"]
    program = [str(home / "bin/kc.sh"), "start-dev", *options]
    with running_program(program, home, environment, folder / "keycloak.log"):
        server = UpstreamServer(f"http://localhost:{port}/realms/company", (CLIENT_ID, KEYCLOAK_SECRET))
        _wait_until_ready(server)
        yield server


def realm(redirect_uri: str) -> dict[str, Any]:
    """Return the realm of a company, with Ada in two groups, and a mapper of groups into tokens."""
    groups = {"claim.name": "groups", "full.path": "false", "id.token.claim": "true", "userinfo.token.claim": "true"}
    mapper = {"name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper"}
    return {
        "realm": "company",
        "enabled": True,
        "sslRequired": "none",
        "groups": [{"name": "helpdesk"}, {"name": "owners"}],
        "users": [
            {
                "username": "ada",
                "enabled": True,
                "email": "ada@company.example",
                "emailVerified": True,
                "firstName": "Ada",
                "lastName": "Example",
                "groups": ["helpdesk", "owners"],
                "credentials": [{"type": "password", "value": KEYCLOAK_PASSWORD}],
            }
        ],
        "clients": [
            {
                "clientId": CLIENT_ID,
                "secret": KEYCLOAK_SECRET,
                "publicClient": False,
                "standardFlowEnabled": True,
                "redirectUris": [redirect_uri],
                "attributes": {"pkce.code.challenge.method": "S256"},
                "protocolMappers": [{**mapper, "config": groups}],
            }
        ],
    }


def _wait_until_ready(server: UpstreamServer) -> None:
    """Wait until the provider publishes its endpoints."""
    with httpx.Client(base_url=server.issuer, trust_env=False, timeout=TIMEOUT_SECONDS) as client:

        def is_ready() -> bool:
            with suppress(httpx.TransportError):
                return client.get("/.well-known/openid-configuration").is_success
            return False

        wait_until(is_ready, within=STARTUP_SECONDS)
