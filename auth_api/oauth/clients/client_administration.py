"""Registers, changes and deletes applications."""

import secrets
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.tokens import CLIENT_SECRET, OpaqueToken, new_token
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, LimitReachedException, ValidationException
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.clients import repository
from auth_api.oauth.clients.client import DEFAULT_GRANT_TYPES, ClientKind, OAuthClient
from auth_api.oauth.clients.client_fields import ClientChange, NewClient
from auth_api.oauth.clients.client_rules import ClientRules
from auth_api.oauth.clients.events import ClientEvent
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.resources.resource import owners
from auth_api.oauth.resources.service import Resources
from auth_api.roles.permissions import EVERYTHING
from auth_api.roles.rights import Authority
from auth_api.roles.service import RoleService

T = TypeVar("T")

MAX_CLIENTS: Final = 1000
HOUR_SECONDS: Final = 3600.0

_ID_CHARACTERS: Final = string.ascii_lowercase + string.digits

_DEFAULTS: Final[Mapping[str, Any]] = {
    "uri": None,
    "redirect_uris": (),
    "post_logout_redirect_uris": (),
    "scopes": (),
    "introspects": (),
    "required_role": None,
    "first_party": False,
    "require_pkce": True,
    "is_active": True,
}


class RegisteredClient(msgspec.Struct, frozen=True, kw_only=True):
    """An application with a new secret; None if its kind has no secret."""

    client: OAuthClient
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdministration:
    """Changes applications; each change is one transaction with its event, and waits for the others.

    Only callers with all permissions can change an application that gets data without the consent of users, except to
    disable it: otherwise a new redirect URI would give that data to the caller.

    Attributes:
        issuer: the issuer of tokens, which applications need.
        core_audience: the audience of the access tokens of sessions.
    """

    database: Database
    audit: AuditTrail
    roles: RoleService
    clients: Clients
    resources: Resources
    issuer: str
    core_audience: str
    is_production: bool

    async def register(self, new: NewClient, *, by: Authority, request_context: RequestContext) -> RegisteredClient:
        """Register an application.

        Raises:
            ValidationException: a field has a value that applications of this kind cannot have.
            PermissionDeniedException: the application gets data without the consent of users, and the caller lacks a
                permission.
            LimitReachedException: there are as many applications as the server stores.
        """
        kind = ClientKind(new.kind)
        values = {"grant_types": DEFAULT_GRANT_TYPES[kind], **_DEFAULTS, **_without_repetitions(new.given)}
        secret = new_token(CLIENT_SECRET) if kind.has_secret else None

        async def work(present: Authority) -> RegisteredClient:
            await self._check(kind, values)
            client_id = "app_" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(20))
            client = await repository.insert(client_id, kind, values, secret)
            _check_authority(present, client)
            if await repository.count() > MAX_CLIENTS:
                raise LimitReachedException
            await self._record(ClientEvent.OAUTH_CLIENT_CREATED, client, request_context)
            return _registered(client, secret)

        return await self._serialized(work, by)

    async def change(
        self, client_id: str, change: ClientChange, *, by: Authority, request_context: RequestContext
    ) -> OAuthClient:
        """Change an application. Only the fields that were sent are checked.

        Raises:
            ValidationException: a field has a value that applications of this kind cannot have.
            ClientNotFoundException: it does not exist.
            PermissionDeniedException: the application gets data without the consent of users, and the caller lacks a
                permission.
        """
        given = _without_repetitions(change.given)

        async def work(present: Authority) -> OAuthClient:
            client = await self.clients.existing(client_id)
            await self._check(client.kind, given)
            after = msgspec.structs.replace(client, **given)
            fields = sorted(name for name in given if getattr(after, name) != getattr(client, name))
            if not fields:
                return client
            if (fields, after.is_active) != (["is_active"], False):
                _check_authority(present, client)  # its stored consents are of users who were not asked
                _check_authority(present, after)
            await self._record(ClientEvent.OAUTH_CLIENT_CHANGED, client, request_context, fields=fields)
            return await repository.update(client.id, msgspec.structs.asdict(after))

        return await self._serialized(work, by)

    async def rotate_secret(
        self, client_id: str, *, overlap_hours: int, by: Authority, request_context: RequestContext
    ) -> RegisteredClient:
        """Give an application a new secret; the present one is accepted for some hours, an earlier one no longer.

        Raises:
            ValidationException: applications of this kind have no secret.
            ClientNotFoundException: it does not exist.
            PermissionDeniedException: the application gets data without the consent of users, and the caller lacks a
                permission.
        """
        secret = new_token(CLIENT_SECRET)

        async def work(present: Authority) -> RegisteredClient:
            client = await self.clients.existing(client_id)
            if not client.has_secret:
                raise ValidationException(
                    [FieldError("kind", "not_allowed", "Applications of this kind have no secret.")]
                )
            _check_authority(present, client)
            await self._record(ClientEvent.OAUTH_CLIENT_SECRET_ROTATED, client, request_context)
            changed = await repository.set_secret(client.id, secret, overlap_seconds=overlap_hours * HOUR_SECONDS)
            return _registered(changed, secret)

        return await self._serialized(work, by)

    async def delete(self, client_id: str, *, by: Authority, request_context: RequestContext) -> None:
        """Delete an application with its grants, consents and requests.

        Raises:
            ClientNotFoundException: it does not exist.
        """

        async def work(_present: Authority) -> None:
            client = await self.clients.existing(client_id)
            await repository.delete_consents(client.id)  # in the order in which a redemption locks them
            await repository.delete_requests(client.id)
            await repository.delete(client.id)
            await self._record(ClientEvent.OAUTH_CLIENT_DELETED, client, request_context)

        await self._serialized(work, by)

    async def _serialized(self, work: Callable[[Authority], Awaitable[T]], by: Authority) -> T:
        """Do a change in a transaction that waits for other changes, given the present authority of the caller."""

        async def locked() -> T:
            await self.roles.lock_administrators()
            return await work(await by.confirmed())

        return await self.database.transaction(locked)

    async def _check(self, kind: ClientKind, values: Mapping[str, Any]) -> None:
        resources = await self.resources.all()
        rules = ClientRules(
            kind=kind,
            resource_scopes=owners(resources),
            audiences={self.core_audience, *(resource.identifier for resource in resources)},
            is_production=self.is_production,
        )
        if errors := list(rules.errors(values)):
            raise ValidationException(errors)

    async def _record(
        self, event: ClientEvent, client: OAuthClient, request_context: RequestContext, **details: list[str]
    ) -> None:
        await self.audit.record(
            event, user_id=None, request_context=request_context, resource=f"oauth_client:{client.client_id}", **details
        )


def _check_authority(present: Authority, client: OAuthClient) -> None:
    if client.skips_consent and not present.rights.has(EVERYTHING):
        raise PermissionDeniedException(EVERYTHING)


def _registered(client: OAuthClient, secret: OpaqueToken | None) -> RegisteredClient:
    return RegisteredClient(client=client, secret=secret.raw if secret is not None else None)


def _without_repetitions(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(dict.fromkeys(value)) if isinstance(value, tuple) else value for name, value in values.items()}
