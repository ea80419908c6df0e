"""The fields of a resource that administrators set, and their rules."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Final

import msgspec

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES
from auth_api.oauth.resources.given_fields import GivenFields
from auth_api.oauth.resources.resource import ResourceScope
from auth_api.users.name_text import canonical_name

MAX_NAME_CHARACTERS: Final = 100
MAX_DESCRIPTION_CHARACTERS: Final = 200
MAX_IDENTIFIER_CHARACTERS: Final = 512
MAX_SCOPES: Final = 50
MAX_ACCESS_TOKEN_MINUTES: Final = 60

OAUTH_NAME_CHECK: Final = "oauth_name"

_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-\"$-~]+")
"""An absolute URI without a fragment (RFC 8707 §2)."""

_SCOPE: Final = re.compile(r"[a-z][a-z0-9._:-]{0,63}")

NameField = Annotated[
    str,
    msgspec.Meta(
        description=f"At most {MAX_NAME_CHARACTERS} characters; users read it.",
        extra={"check": OAUTH_NAME_CHECK},
        extra_json_schema={"extra": {"min_length": 1, "max_length": MAX_NAME_CHARACTERS}},
    ),
]


def check_name(name: str, _document: object = None) -> str:
    """Return the name of an application or a resource in the form in which it is stored.

    Raises:
        ValidationException: it is empty, too long, or has invisible characters.
    """
    return canonical_name(name, max_length=MAX_NAME_CHARACTERS)


class ResourceChange(GivenFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a resource; fields that are left out stay as they are, and a list replaces the earlier one."""

    name: NameField | msgspec.UnsetType = msgspec.UNSET
    scopes: Annotated[list[ResourceScope], msgspec.Meta(max_length=MAX_SCOPES)] | msgspec.UnsetType = msgspec.UNSET
    access_token_minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_ACCESS_TOKEN_MINUTES)] | msgspec.UnsetType | None = (
        msgspec.UNSET
    )


class NewResource(ResourceChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create a resource."""

    identifier: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=MAX_IDENTIFIER_CHARACTERS,
            description="An absolute URI without fragment, the `aud` of its access tokens. It cannot be changed later.",
        ),
    ]
    name: NameField


def identifier_errors(identifier: str, reserved: Collection[str]) -> Iterator[FieldError]:
    """Yield what is wrong with the identifier of a new resource.

    Args:
        identifier: the identifier.
        reserved: audiences of other tokens of this server.
    """
    if not _IDENTIFIER.fullmatch(identifier):
        yield FieldError("identifier", "format", "Must be an absolute URI without fragment.")
    elif identifier in reserved:
        yield FieldError("identifier", "reserved", "Belongs to other tokens of this server.")


def scope_errors(scopes: Sequence[ResourceScope]) -> Iterator[FieldError]:
    """Yield what is wrong with the scopes of a resource."""
    names = [scope.name for scope in scopes]
    if not all(map(_SCOPE.fullmatch, names)):
        message = "Names must have 1 to 64 characters: lower-case letters, digits and . _ : -, first a letter."
        yield FieldError("scopes", "format", message)
    if BUILT_IN_SCOPES.keys() & set(names):
        yield FieldError("scopes", "reserved", f"The names {', '.join(BUILT_IN_SCOPES)} belong to the server.")
    if len(set(names)) < len(names):
        yield FieldError("scopes", "repeated", "Each name must be listed only once.")
    for scope in scopes:
        try:
            canonical_name(scope.description, max_length=MAX_DESCRIPTION_CHARACTERS)
        except ValidationException as refusal:
            yield from (msgspec.structs.replace(error, field="scopes") for error in refusal.errors)
