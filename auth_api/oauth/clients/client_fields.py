"""The fields of an application that administrators set."""

from typing import Annotated, Final, Literal

import msgspec

from auth_api.oauth.clients.redirect_uris import MAX_URIS
from auth_api.oauth.resources.given_fields import GivenFields
from auth_api.oauth.resources.resource_fields import NameField

MAX_SCOPES: Final = 100

KindName = Literal["web", "spa", "native", "machine", "device"]

_Uris = Annotated[list[str], msgspec.Meta(max_length=MAX_URIS)]
_Names = Annotated[list[str], msgspec.Meta(max_length=MAX_SCOPES)]


class ClientChange(GivenFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change an application; fields that are left out stay as they are, and a list replaces the earlier one."""

    name: NameField | msgspec.UnsetType = msgspec.UNSET
    uri: Annotated[str | msgspec.UnsetType | None, msgspec.Meta(description="The home page.")] = msgspec.UNSET
    redirect_uris: Annotated[
        _Uris | msgspec.UnsetType, msgspec.Meta(description="Where browsers return to, compared as strings.")
    ] = msgspec.UNSET
    post_logout_redirect_uris: Annotated[
        _Uris | msgspec.UnsetType, msgspec.Meta(description="Where browsers return to after signing out.")
    ] = msgspec.UNSET
    grant_types: Annotated[
        _Names | msgspec.UnsetType,
        msgspec.Meta(description="How it gets tokens; which ones are possible depends on `kind`."),
    ] = msgspec.UNSET
    scopes: Annotated[
        _Names | msgspec.UnsetType,
        msgspec.Meta(description="The scopes that it may ask for. `roles` needs the permission `*`."),
    ] = msgspec.UNSET
    introspects: Annotated[
        _Names | msgspec.UnsetType, msgspec.Meta(description="The audiences whose access tokens it may introspect.")
    ] = msgspec.UNSET
    required_role: Annotated[
        str | msgspec.UnsetType | None,
        msgspec.Meta(description="The role that its users need; null if all users may use it."),
    ] = msgspec.UNSET
    first_party: Annotated[
        bool | msgspec.UnsetType,
        msgspec.Meta(description="Whether it works without the consent of users; `true` needs the permission `*`."),
    ] = msgspec.UNSET
    require_pkce: Annotated[
        bool | msgspec.UnsetType,
        msgspec.Meta(description="`false` is possible for `web`, and needs the permission `*`."),
    ] = msgspec.UNSET
    is_active: Annotated[bool | msgspec.UnsetType, msgspec.Meta(description="If false, it is refused.")] = msgspec.UNSET


class NewClient(ClientChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Register an application. `redirect_uris` is required for `web`, `spa` and `native`."""

    name: NameField
    kind: Annotated[KindName, msgspec.Meta(description="What it is. It cannot be changed later.")]
