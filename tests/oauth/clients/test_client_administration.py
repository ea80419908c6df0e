"""Operators register and change applications by the service that the API and the command line share."""

import asyncio
from typing import Any

import msgspec
import pytest

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.errors import LimitReachedException, ValidationException
from auth_api.kit.http.json import decode
from auth_api.oauth.clients import client_administration as product
from auth_api.oauth.clients import repository
from auth_api.oauth.clients.client import ClientKind, OAuthClient
from auth_api.oauth.clients.client_administration import ClientAdministration
from auth_api.oauth.clients.client_fields import ClientChange, NewClient
from auth_api.oauth.clients.client_rules import ClientRules
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import NewResource, ResourceChange
from auth_api.roles.rights import OPERATOR, Authority, Rights
from auth_api.services import Services
from auth_api.sessions.errors import TokenRevokedException
from tests.conftest import UserFactory
from tests.support.oauth_clients import CALLBACK, CHECKS, add_resource, register_client
from tests.support.roles import add_role, give_role

ORDERS = "https://orders.example.com"


async def change(services: Services, client_id: str, **fields: Any) -> OAuthClient:
    wanted = decode(fields, ClientChange, CHECKS)
    administration = services.of(ClientAdministration)
    return await administration.change(client_id, wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)


async def test_registered_application_is_found_until_it_is_deleted(services: Services) -> None:
    clients, administration = services.of(Clients), services.of(ClientAdministration)
    registered = await register_client(services, scopes=["openid", "email", "openid"], uri="https://wiki.example.com")
    client = registered.client

    assert (client.scopes, client.redirect_uris, client.grant_types) == (
        ("openid", "email"),
        (CALLBACK,),
        ("authorization_code", "refresh_token"),
    )
    assert (client.first_party, client.require_pkce, client.is_active, client.has_secret) == (False, True, True, True)
    assert registered.secret is not None
    assert [secret.hint for secret in client.secrets] == [registered.secret[-4:]]
    assert await clients.find(client.client_id) == await clients.get(client.id) == client
    changed = await change(
        services, client.client_id, name="  Wiki   2 ", is_active=False, redirect_uris=[CALLBACK, CALLBACK]
    )
    assert changed == msgspec.structs.replace(client, name="Wiki 2", is_active=False, updated_at=changed.updated_at)
    assert await change(services, client.client_id, name="Wiki 2") == changed
    await administration.delete(client.client_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)
    assert await clients.find(client.client_id) is await clients.get(client.id) is None
    with pytest.raises(ClientNotFoundException):
        await change(services, client.client_id, name="Wiki")
    events = await AuditLogRow.select(AuditLogRow.action, AuditLogRow.resource, AuditLogRow.details).order_by(
        AuditLogRow.id
    )
    assert {event["resource"] for event in events} == {f"oauth_client:{client.client_id}"}
    assert [event["action"] for event in events] == [
        "oauth:client_created",
        "oauth:client_changed",
        "oauth:client_deleted",
    ]
    assert msgspec.json.decode(events[1]["details"]) == {"fields": ["is_active", "name"]}


async def test_secret_is_stored_as_a_digest_and_overlaps_with_the_next(services: Services) -> None:
    administration = services.of(ClientAdministration)
    first = await register_client(services)
    client_id = first.client.client_id

    async def rotate(hours: int) -> product.RegisteredClient:
        return await administration.rotate_secret(
            client_id, overlap_hours=hours, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )

    async def accepted(*registered: product.RegisteredClient) -> list[bool]:
        proofs = [await repository.find_with_proof(client_id, digest(each.secret or "")) for each in registered]
        return [proof is not None and proof.is_right for proof in proofs]

    assert await accepted(first) == [True]
    second = await rotate(24)
    assert await accepted(first, second) == [True, True]
    assert [(each.hint, each.expires_at is None) for each in second.client.secrets] == [
        ((second.secret or "")[-4:], True),
        ((first.secret or "")[-4:], False),
    ]
    third = await rotate(0)
    assert await accepted(first, second, third) == [False, False, True]
    assert len(third.client.secrets) == 1
    row = (await OAuthClientRow.select().where(OAuthClientRow.client_id == client_id))[0]
    assert not {first.secret, second.secret, third.secret} & set(map(str, row.values()))
    for kind in ("spa", "native", "device"):
        public = await register_client(services, kind)
        assert (public.secret, public.client.secrets) == (None, ())
        with pytest.raises(ValidationException):
            await administration.rotate_secret(
                public.client.client_id, overlap_hours=0, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
            )


async def test_fields_that_do_not_fit_the_kind_are_named(services: Services) -> None:
    await add_resource(services, ORDERS, "orders:read")
    for kind, field, value in (
        *((kind, "redirect_uris", []) for kind in ("web", "spa", "native")),
        *((kind, "redirect_uris", [CALLBACK]) for kind in ("machine", "device")),
        *((kind, "post_logout_redirect_uris", [CALLBACK]) for kind in ("machine", "device")),
        ("web", "redirect_uris", ["com.example.app:/callback"]),
        ("web", "redirect_uris", ["https://wiki.example.com/#x"]),
        ("web", "uri", "javascript:alert(1)"),
        ("web", "grant_types", []),
        ("web", "grant_types", ["device_code"]),
        ("spa", "grant_types", ["client_credentials"]),
        ("machine", "grant_types", ["refresh_token"]),
        ("device", "grant_types", ["authorization_code"]),
        ("web", "scopes", ["orders:write"]),
        ("machine", "scopes", ["openid"]),
        ("web", "introspects", ["https://other.example.com"]),
        ("spa", "introspects", [ORDERS]),
        ("web", "required_role", "No role"),
        ("machine", "required_role", "employee"),
        ("spa", "require_pkce", False),
        ("web", "name", " "),
        ("web", "name", "Wi\u202eki"),
        ("web", "client_id", "app_x"),
    ):
        with pytest.raises(ValidationException) as refused:
            await register_client(services, kind, **{field: value})
        assert [error.field for error in refused.value.errors] == [field], (kind, field, value)
    assert await OAuthClientRow.count() == 0
    machine = await register_client(services, "machine", scopes=["orders:read"], introspects=[ORDERS, "auth_api"])
    assert (machine.client.grant_types, machine.client.introspects) == (("client_credentials",), (ORDERS, "auth_api"))
    native = await register_client(
        services, "native", redirect_uris=["http://127.0.0.1/x"], grant_types=["device_code", "authorization_code"]
    )
    with pytest.raises(ValidationException):
        await change(services, native.client.client_id, redirect_uris=[])
    await register_client(services, "web", grant_types=["client_credentials"], require_pkce=False, scopes=["roles"])


async def test_change_checks_only_the_fields_that_were_sent(services: Services) -> None:
    """Otherwise an application could not be changed after a resource whose scopes it has was deleted."""
    await add_resource(services, ORDERS, "orders:read")
    client = (await register_client(services, scopes=["orders:read"], introspects=[ORDERS])).client
    await OAuthClientRow.raw("DELETE FROM oauth_resources")

    changed = await change(services, client.client_id, name="Other")
    assert (changed.name, changed.scopes, changed.introspects) == ("Other", ("orders:read",), (ORDERS,))
    with pytest.raises(ValidationException):
        await change(services, client.client_id, scopes=["orders:read", "openid"])


async def test_role_decides_who_may_use_an_application(services: Services, user_factory: UserFactory) -> None:
    clients = services.of(Clients)
    ada, grace = await user_factory(), await user_factory()
    await add_role("employee", [])
    ids = [(await services.core.users.find(actor.username)).id for actor in (ada, grace)]
    await give_role(ada.username, "employee")
    everyone, employees, nobody = [
        (await register_client(services, required_role=role)).client for role in (None, "employee", "missing")
    ]

    assert [
        [await clients.may_use(client, user_id) for user_id in ids] for client in (everyone, employees, nobody)
    ] == [
        [True, True],
        [True, False],
        [False, False],
    ]


async def test_dismissed_administrator_changes_nothing(services: Services) -> None:
    """The caller's rights are read again after the lock, for requests that began before the dismissal."""

    async def dismissed() -> Rights:
        raise TokenRevokedException

    by = Authority(rights=OPERATOR.rights, confirm=dismissed)
    client_id = (await register_client(services)).client.client_id
    resource = await add_resource(services, ORDERS)
    clients, resources = services.of(ClientAdministration), services.of(ResourceAdministration)
    arguments: dict[str, Any] = {"by": by, "request_context": COMMAND_LINE_CONTEXT}
    events = await AuditLogRow.count()

    for attempt in (
        clients.register(NewClient(name="Wiki", kind="device"), **arguments),
        clients.change(client_id, ClientChange(is_active=False), **arguments),
        clients.rotate_secret(client_id, overlap_hours=0, **arguments),
        clients.delete(client_id, **arguments),
        resources.create(NewResource(identifier="urn:x:y", name="Stock"), **arguments),
        resources.change(resource.id, ResourceChange(name="Stock"), **arguments),
        resources.delete(resource.id, **arguments),
    ):
        with pytest.raises(TokenRevokedException):
            await attempt
    assert await AuditLogRow.count() == events


def test_single_page_application_needs_https_in_production() -> None:
    loopback = {"redirect_uris": ["http://localhost:3000/callback"]}

    def refused(kind: ClientKind, *, is_production: bool) -> bool:
        rules = ClientRules(kind=kind, resource_scopes=(), audiences=(), is_production=is_production)
        return any(rules.errors(loopback))

    assert [refused(ClientKind.SPA, is_production=each) for each in (True, False)] == [True, False]
    assert not refused(ClientKind.WEB, is_production=True)


async def test_number_of_applications_is_limited(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "MAX_CLIENTS", 2)

    outcomes = await asyncio.gather(*(register_client(services) for _ in range(5)), return_exceptions=True)

    assert [type(each) for each in outcomes].count(LimitReachedException) == 3
    assert await OAuthClientRow.count() == 2
