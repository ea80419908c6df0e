"""Operators manage resources by the service that the API and the command line share."""

import asyncio
from typing import Any

import pytest

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.json import decode
from auth_api.oauth.resources import resource_administration as product
from auth_api.oauth.resources.errors import DuplicateResourceException, ResourceNotFoundException
from auth_api.oauth.resources.resource import OAuthResource
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import ResourceChange
from auth_api.oauth.resources.service import Resources
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services
from tests.support.oauth_clients import CHECKS, add_resource

ORDERS = "https://orders.example.com"
STOCK = "urn:example:stock"


async def change(services: Services, resource_id: int, **fields: Any) -> OAuthResource:
    wanted = decode(fields, ResourceChange, CHECKS)
    administration = services.of(ResourceAdministration)
    return await administration.change(resource_id, wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)


async def test_resource_is_found_by_its_scopes_until_it_is_deleted(services: Services) -> None:
    resources, administration = services.of(Resources), services.of(ResourceAdministration)
    orders = await add_resource(services, ORDERS, "orders:read", "orders:write", access_token_minutes=5)
    stock = await add_resource(services, STOCK)

    assert (orders.access_token_minutes, stock.access_token_minutes, stock.scopes) == (5, None, ())
    assert await resources.all() == [stock, orders]
    assert await resources.owner_of(["openid", "orders:read", "stock:read"]) == {"orders:read": orders}
    assert await change(services, stock.id) == stock
    changed = await change(
        services, stock.id, name="Stock", scopes=[{"name": "stock:read", "description": "Read the stock."}]
    )
    assert await resources.owner_of(["stock:read", "orders:write"]) == {"stock:read": changed, "orders:write": orders}
    await administration.delete(stock.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)
    assert await resources.all() == [orders]
    with pytest.raises(ResourceNotFoundException):
        await change(services, stock.id, name="Stock")
    events = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.resource).order_by(AuditLogRow.id)
    assert [(event["action"], event["resource"]) for event in events] == [
        ("oauth:resource_created", f"oauth_resource:{orders.id}"),
        ("oauth:resource_created", f"oauth_resource:{stock.id}"),
        ("oauth:resource_changed", f"oauth_resource:{stock.id}"),
        ("oauth:resource_deleted", f"oauth_resource:{stock.id}"),
    ]


async def test_identifier_and_scopes_belong_to_one_resource(services: Services) -> None:
    orders = await add_resource(services, ORDERS, "orders:read")
    stock = await add_resource(services, STOCK, "stock:read")

    for identifier, scope, fields in (
        (ORDERS, "x", ["identifier"]),
        ("urn:x", "stock:read", ["scopes"]),
        (STOCK, "orders:read", ["identifier", "scopes"]),
    ):
        with pytest.raises(DuplicateResourceException) as refused:
            await add_resource(services, identifier, scope)
        assert [error.field for error in refused.value.errors] == fields
    with pytest.raises(DuplicateResourceException):
        await change(services, stock.id, scopes=[{"name": "orders:read", "description": "Read orders."}])
    own = [{"name": "orders:read", "description": "Read all orders."}]
    assert (await change(services, orders.id, scopes=own)).scopes[0].description == "Read all orders."
    outcomes = await asyncio.gather(
        *(add_resource(services, f"urn:example:{number}", "shared") for number in range(5)), return_exceptions=True
    )
    assert [type(each) for each in outcomes].count(DuplicateResourceException) == 4


async def test_wrong_fields_are_named(services: Services) -> None:
    for field, value in (
        *(
            ("identifier", each)
            for each in ("orders", "https://a/#", "https://a/ b", "https://ä", "x" * 513, "", "auth_api")
        ),
        *(("identifier", each) for each in ("http://testserver/oauth2/userinfo", "https://a\x00")),
        *(
            ("scopes", [{"name": each, "description": "x"}])
            for each in ("", "A", "1a", "a b", "a" * 65, "openid", "roles")
        ),
        *(("scopes", [{"name": "a", "description": each}]) for each in ("", " ", "x" * 201, "a\u202eb", "a\nb")),
        ("scopes", [{"name": "a", "description": "x"}] * 2),
        ("scopes", [{"name": f"a{number}", "description": "x"} for number in range(51)]),
        ("scopes", [{"name": "a", "description": "x", "more": 1}]),
        *(("access_token_minutes", each) for each in (0, 61, "5")),
        ("name", ""),
    ):
        fields: dict[str, Any] = {"identifier": ORDERS, field: value}
        with pytest.raises(ValidationException) as refused:
            await add_resource(services, **fields)
        assert {error.field for error in refused.value.errors} == {field}, (field, value)
    assert await services.of(Resources).all() == []


async def test_number_of_resources_is_limited(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "MAX_RESOURCES", 2)

    outcomes = await asyncio.gather(
        *(add_resource(services, f"urn:example:{number}") for number in range(5)), return_exceptions=True
    )

    assert [type(each) for each in outcomes].count(LimitReachedException) == 3
