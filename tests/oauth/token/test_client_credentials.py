"""Access tokens of applications that act for themselves."""

from pathlib import Path
from typing import Any

import httpx

from auth_api.features import TABLES
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.services import Services
from tests.support.log_lines import lines_of_request
from tests.support.oauth_applications import ORDERS, Application, add_application, add_resource, claims_of, outcome


async def test_application_gets_a_token_for_one_resource_and_leaves_no_row(
    client: httpx.AsyncClient, services: Services
) -> None:
    wiki = "https://wiki.example.com"
    await add_resource(ORDERS, "orders:read", "orders:write")
    await add_resource(wiki, "wiki")
    fields = {"kind": "machine", "grant_types": "client_credentials", "redirect_uris": ""}
    app = await add_application(client, services, scopes="orders:read wiki unknown", **fields)
    single = await add_application(client, services, scopes="orders:read orders:write", **fields)
    web = await add_application(client, services, scopes="openid", grant_types="client_credentials")
    before = {table: await table.count() for table in TABLES}

    given: tuple[tuple[Application, dict[str, Any], tuple[str, str]], ...] = (
        (app, {"resource": ORDERS}, (ORDERS, "orders:read")),
        (app, {"scope": "wiki unknown"}, (wiki, "wiki")),
        (single, {}, (ORDERS, "orders:read orders:write")),
    )
    refused: tuple[tuple[Application, dict[str, Any], str], ...] = (
        (app, {}, "invalid_target"),
        (app, {"resource": "https://other.example.com"}, "invalid_target"),
        (app, {"resource": [ORDERS, wiki]}, "invalid_target"),
        (app, {"scope": "orders:write"}, "invalid_scope"),
        (app, {"scope": "unknown"}, "invalid_scope"),
        (app, {"scope": "openid"}, "invalid_scope"),
        (web, {}, "invalid_scope"),
        (web, {"scope": "openid"}, "invalid_scope"),
    )
    for application, form, expected in given:
        tokens = (await application.token("client_credentials", **form)).json()
        claims = claims_of(tokens["access_token"])
        assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert (claims["aud"], claims["scope"], tokens["scope"]) == (*expected, expected[1])
        assert claims.keys() == {"iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti"}
        assert claims["sub"] == claims["client_id"] == application.client_id
    for application, form, error in refused:
        assert outcome(await application.token("client_credentials", **form)) == (400, error), form
    assert {table: await table.count() for table in TABLES} == before
    await OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True)
    assert outcome(await single.token("client_credentials")) == (401, "invalid_client")


async def test_refusal_is_logged_with_the_application(
    client: httpx.AsyncClient, services: Services, log_file: Path
) -> None:
    application = await add_application(client, services)

    response = await application.token("client_credentials", scope="unknown")

    lines = await lines_of_request(log_file, response.headers["x-request-id"])
    (line,) = [line for line in lines if line["event"] == "oauth:refused"]
    assert (line["client"], line["error"]) == (application.client_id, "unauthorized_client")
