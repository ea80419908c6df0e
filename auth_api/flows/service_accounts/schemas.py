"""Request and response bodies about service accounts."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.api_keys.new_key_fields import DaysField, KeyNameField, ScopesField
from auth_api.credentials.api_keys.policy import DEFAULT_DAYS
from auth_api.credentials.api_keys.schemas import EXAMPLE_CREATED_KEY, EXAMPLE_KEY
from auth_api.credentials.api_keys.service_account import ServiceAccount
from auth_api.kit.clock import rfc3339
from auth_api.roles.role_names import check_role_name
from auth_api.users.schemas import Timestamp

ACCOUNT_NAME_CHECK: Final = "service_account_name"

EXAMPLE_NEW_ACCOUNT: Final[dict[str, Any]] = {"name": "billing", "description": "Reads who has which plan."}

EXAMPLE_ACCOUNT: Final[dict[str, Any]] = {
    "id": 3,
    **EXAMPLE_NEW_ACCOUNT,
    "is_active": True,
    "scopes": ["users:read"],
    "created_by": "user:7",
    "created_at": "2026-02-19T10:30:45.123Z",
    "updated_at": "2026-02-19T10:30:45.123Z",
}

EXAMPLE_SERVICE_KEY: Final[dict[str, Any]] = {**EXAMPLE_KEY, "name": "Server 1", "scopes": ["users:read"]}

EXAMPLE_CREATED_SERVICE_KEY: Final[dict[str, Any]] = {
    **EXAMPLE_CREATED_KEY,
    "name": "Server 1",
    "scopes": ["users:read"],
    "secret": "auth_svc_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3gws5z",
}


def check_account_name(name: str, _document: Mapping[str, Any] | None = None) -> str:
    """Return the name of a service account, which has the form of the name of a role.

    Raises:
        ValidationException: it has another form.
    """
    return check_role_name(name)


DescriptionField = Annotated[str, msgspec.Meta(max_length=200, examples=["Reads who has which plan."])]


class NewServiceAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create a service account."""

    name: Annotated[
        str,
        msgspec.Meta(
            description="2 to 50 lower-case letters, digits and hyphens; the first is a letter, the last no hyphen.",
            examples=["billing"],
            extra={"check": ACCOUNT_NAME_CHECK},
            extra_json_schema={"extra": {"min_length": 2, "max_length": 50}},
        ),
    ]
    description: DescriptionField = ""


class ServiceAccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a service account; fields that are left out stay as they are."""

    description: DescriptionField | msgspec.UnsetType = msgspec.UNSET
    is_active: Annotated[bool | msgspec.UnsetType, msgspec.Meta(description="If false, all its keys are refused.")] = (
        msgspec.UNSET
    )


class NewServiceKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create an API key of a service account."""

    name: KeyNameField
    scopes: ScopesField
    expires_in_days: Annotated[
        DaysField | None, msgspec.Meta(description="Lifetime in days; null for a key that never expires.")
    ] = DEFAULT_DAYS


class ServiceAccountResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A program that has API keys of its own."""

    id: int
    name: str
    description: str
    is_active: bool
    scopes: Annotated[list[str], msgspec.Meta(description="The scopes of its live keys together, sorted.")]
    created_by: Annotated[str, msgspec.Meta(description="Such as `user:7`; `cli` for the command line.")]
    created_at: Timestamp
    updated_at: Timestamp


class ServiceAccountList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of service accounts, newest first."""

    items: list[ServiceAccountResponse]
    next_cursor: str | None


def account_fields(account: ServiceAccount) -> dict[str, Any]:
    """Return the fields of a service account in responses and on the command line."""
    return {
        **msgspec.structs.asdict(account),
        "scopes": sorted(account.scopes),
        "created_at": rfc3339(account.created_at),
        "updated_at": rfc3339(account.updated_at),
    }


def account_view(account: ServiceAccount) -> ServiceAccountResponse:
    """Return the response struct of a service account."""
    return ServiceAccountResponse(**account_fields(account))
