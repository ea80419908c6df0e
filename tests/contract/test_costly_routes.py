"""Every route that may hash a password or send a mail limits its requests per client IP address."""

import dataclasses
import re
from collections.abc import Iterator
from functools import partial

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.routes import HTTPRoute

from auth_api.credentials.passkeys.service import PasskeyService
from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.service import Outbox
from auth_api.features import client_ip_limits
from auth_api.flows.linking.service import Linking
from auth_api.flows.own_keys.service import OwnKeys
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.http.access import ACCESS, SESSION
from auth_api.kit.http.rate_limit import LIMIT
from auth_api.oauth.consents.service import Consents
from auth_api.oauth.grants.service import Grants
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent

COSTLY = (PasswordHasher, Outbox, Delivery)
"""Classes whose objects compute hashes, and store or send mails."""

NOT_COSTLY = (AccessRevocation, Consents, Grants, Linking, OwnKeys, PasskeyService)
"""Classes whose objects reach the outbox, and only withdraw mails, or send one only after a valid signature, or to the
caller, whose new API keys and identities are counted, or once for each application that a user allows, and for each
grant that a reused token ends."""


COSTLY_ROUTES = {
    "POST /api/auth/register": "register",
    "POST /api/auth/providers/register": "register",
    "POST /api/auth/login": "login",
    "POST /api/auth/mfa": "mfa",
    "POST /api/auth/mfa/passkey-options": "passkey_options",
    "POST /api/auth/step-up": "step_up",
    "POST /api/auth/step-up/passkey-options": "passkey_options",
    "POST /api/auth/passkey/options": "passkey_options",
    "POST /api/auth/passkey/login": "passkey",
    "POST /api/auth/refresh": "refresh",
    "POST /api/auth/password/forgot": "forgot",
    "POST /api/auth/password/reset": "mailed_token",
    "POST /api/auth/email/verify": "mailed_token",
    "POST /api/auth/email/resend": "resend",
    "POST /api/auth/email/confirm-change": "mailed_token",
    "POST /api/auth/email/undo-change": "mailed_token",
    "POST /api/auth/sessions/report": "mailed_token",
    "POST /api/auth/invitations/preview": "mailed_token",
    "POST /api/auth/invitations/accept": "mailed_token",
    "PATCH /api/user/profile": "rename",
    "POST /api/user/password": "password_change",
    "POST /api/user/totp": "factor",
    "POST /api/user/totp/confirm": "factor",
    "DELETE /api/user/totp": "factor",
    "POST /api/user/passkeys/options": "factor",
    "POST /api/user/passkeys": "factor",
    "DELETE /api/user/passkeys/{passkey_id}": "factor",
    "POST /api/auth/exchange": "exchange",
    "GET /oauth2/authorize": "oauth_authorize",
    "POST /oauth2/authorize": "oauth_authorize",
    "GET /oauth2/authorize/response": "oauth_response",
    "POST /api/user/two-step": "factor",
    "POST /api/user/recovery-codes": "factor",
    "POST /api/user/email": "email_change",
    "GET /api/user/export": "export",
    "POST /api/user/delete": "account_deletion",
}


def parts_of(value: object) -> Iterator[object]:
    """Return an object, and all that it reaches through attributes, containers, bound methods and partial functions."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in seen or isinstance(part, (type, *NOT_COSTLY)):
            continue
        seen.add(id(part))
        yield part
        if dataclasses.is_dataclass(part):
            pending += [getattr(part, field.name) for field in dataclasses.fields(part)]
        elif isinstance(part, dict):
            pending += part.values()
        elif isinstance(part, list | tuple | set | frozenset):
            pending += part
        elif isinstance(part, partial):
            pending += part.args
        elif type(part).__module__.startswith("auth_api."):
            slots = [name for base in type(part).__mro__ for name in getattr(base, "__slots__", ())]
            pending += [getattr(part, name) for name in slots if hasattr(part, name)]
            pending += vars(part).values() if hasattr(part, "__dict__") else ()
        pending.append(getattr(part, "__self__", None))


def service_named(app: Litestar, name: str) -> object | None:
    """Return the service that handlers' parameters of this name are filled with, or None if there is none."""
    provide = app.dependencies.get(name)
    return provide.dependency() if isinstance(provide, Provide) and provide.use_cache else None


def costly_routes(app: Litestar) -> dict[str, str | None]:
    """Return the routes whose services reach a costly one, with the limits that they name.

    The admin API is left out: its callers have a permission, and limits per recipient count its mails.
    """
    return {
        f"{method} {route.path_format}": handler.opt.get(LIMIT)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if not handler.opt.get(ACCESS, SESSION).is_administrative
        and any(
            isinstance(part, COSTLY)
            for name in handler.parsed_fn_signature.parameters
            for part in parts_of(service_named(app, name))
        )
    }


def test_every_costly_route_names_a_limit(app: Litestar) -> None:
    """Except for the GET of a page, which only reads, and the routes of administrators, whose mails are counted."""
    unlimited = [route for route, limit in costly_routes(app).items() if limit is None]

    assert [route for route in unlimited if not re.match("GET /account|[A-Z]+ /api/admin/", route)] == []


def test_all_costly_routes_are_found(app: Litestar) -> None:
    """Pages are not listed: each form has the limit of the operation that it stands for."""
    costly = costly_routes(app)

    listed = {route: limit for route, limit in costly.items() if not re.search(" /account| /api/admin/", route)}
    assert listed == COSTLY_ROUTES


def test_routes_name_all_limits_and_no_others(app: Litestar, settings: Settings) -> None:
    named = {
        handler.opt[LIMIT]
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if LIMIT in handler.opt
    }

    assert named == {limit.name for limit in client_ip_limits(settings)}


@pytest.mark.parametrize("name", ["sessions", "audit"])
def test_service_of_unlimited_routes_is_not_costly(app: Litestar, name: str) -> None:
    assert not [part for part in parts_of(service_named(app, name)) if isinstance(part, COSTLY)]
