"""Which values the fields of an application can have, by its kind."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from auth_api.kit.errors import FieldError
from auth_api.oauth.clients.client import GRANT_TYPES, ClientKind
from auth_api.oauth.clients.redirect_uris import uri_problem
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES
from auth_api.roles.role_names import is_role_name


class ClientRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for applications of one kind.

    Attributes:
        kind: the kind.
        resource_scopes: the scopes of all resources.
        audiences: the audiences of access tokens.
        is_production: whether browsers can be sent to single-page applications only by `https`.
    """

    kind: ClientKind
    resource_scopes: Collection[str]
    audiences: Collection[str]
    is_production: bool

    def errors(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield what is wrong with the values of some fields, by the name of the field."""
        for name, value in values.items():
            if (check := _CHECKS.get(name)) is not None and value is not None:
                yield from (FieldError(name, code, f"Must {rest}") for code, rest in check(self, value))


Problems = Iterator[tuple[str, str]]
"""Codes of errors, each with the rest of a sentence that begins with `Must`."""


def _redirect_uris(rules: ClientRules, uris: Collection[str]) -> Problems:
    if rules.kind.has_redirect_uris and not uris:
        yield "missing", "have at least one entry for this kind."
    yield from _uris(rules, uris)


def _uris(rules: ClientRules, uris: Collection[str]) -> Problems:
    if uris and not rules.kind.has_redirect_uris:
        yield "not_allowed", "be empty for this kind."
    is_native = rules.kind is ClientKind.NATIVE
    loopback = rules.kind is not ClientKind.SPA or not rules.is_production
    for uri in uris:
        if problem := uri_problem(uri, loopback=loopback, private_schemes=is_native):
            yield "format", problem


def _uri(_rules: ClientRules, uri: str) -> Problems:
    if problem := uri_problem(uri, loopback=True, private_schemes=False):
        yield "format", problem


def _grant_types(rules: ClientRules, names: Collection[str]) -> Problems:
    possible = [grant_type.value for grant_type in GRANT_TYPES[rules.kind]]
    if not names or not set(names) <= set(possible):
        yield "type", f"list some of {', '.join(f'`{each}`' for each in possible)} for this kind."


def _scopes(rules: ClientRules, names: Collection[str]) -> Problems:
    own = BUILT_IN_SCOPES.keys() & set(names)
    if own and rules.kind is ClientKind.MACHINE:
        yield "not_allowed", "contain only scopes of resources for this kind."
    if not set(names) - own <= set(rules.resource_scopes):
        yield "not_found", "list scopes that exist."


def _introspects(rules: ClientRules, audiences: Collection[str]) -> Problems:
    if audiences and not rules.kind.has_secret:
        yield "not_allowed", "be empty for this kind."
    if not set(audiences) <= set(rules.audiences):
        yield "not_found", "list identifiers of resources, or the audience of this server."


def _required_role(rules: ClientRules, name: str) -> Problems:
    if rules.kind is ClientKind.MACHINE:
        yield "not_allowed", "be null for this kind, which has no users."
    elif not is_role_name(name):
        yield "format", "be the name of a role."


def _require_pkce(rules: ClientRules, value: bool) -> Problems:  # noqa: FBT001 - the value of a field
    if not value and rules.kind is not ClientKind.WEB:
        yield "not_allowed", "be true for this kind."


_CHECKS: Final[Mapping[str, Callable[[ClientRules, Any], Problems]]] = {
    "redirect_uris": _redirect_uris,
    "post_logout_redirect_uris": _uris,
    "uri": _uri,
    "grant_types": _grant_types,
    "scopes": _scopes,
    "introspects": _introspects,
    "required_role": _required_role,
    "require_pkce": _require_pkce,
}
