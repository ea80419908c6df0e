"""Applications as services pass them on."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from auth_api.oauth.clients.redirect_uris import without_loopback_port
from auth_api.oauth.resources.built_in_scopes import ROLES

_CLIENT_ID: Final = re.compile(r"app_[0-9a-z]{20}")


class ClientKind(StrEnum):
    """What an application is. It decides whether the application can keep a secret (RFC 6749 §2.1)."""

    WEB = "web"
    SPA = "spa"
    NATIVE = "native"
    MACHINE = "machine"
    DEVICE = "device"

    @property
    def has_secret(self) -> bool:
        """Whether applications of this kind authenticate with a secret."""
        return self in {ClientKind.WEB, ClientKind.MACHINE}

    @property
    def has_redirect_uris(self) -> bool:
        """Whether browsers return to applications of this kind."""
        return self not in {ClientKind.MACHINE, ClientKind.DEVICE}


class GrantType(StrEnum):
    """How an application gets tokens. `device_code` is the short name of that of RFC 8628."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name of RFC 6749
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE_CODE = "device_code"


DEFAULT_GRANT_TYPES: Final = {
    ClientKind.WEB: (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
    ClientKind.SPA: (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
    ClientKind.NATIVE: (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
    ClientKind.MACHINE: (GrantType.CLIENT_CREDENTIALS,),
    ClientKind.DEVICE: (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN),
}

GRANT_TYPES: Final = {
    **DEFAULT_GRANT_TYPES,
    ClientKind.WEB: (*DEFAULT_GRANT_TYPES[ClientKind.WEB], GrantType.CLIENT_CREDENTIALS),
    ClientKind.NATIVE: (*DEFAULT_GRANT_TYPES[ClientKind.NATIVE], GrantType.DEVICE_CODE),
}
"""The grant types that applications of each kind can have."""


class ClientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that an application can authenticate with.

    Attributes:
        hint: its last characters.
        expires_at: the time from which it is refused; None for the newest secret.
    """

    hint: str
    created_at: datetime
    expires_at: datetime | None


class OAuthClient(msgspec.Struct, frozen=True, kw_only=True):
    """An application, which RFC 6749 calls a client.

    Attributes:
        client_id: its public name.
        uri: its home page.
        introspects: audiences whose access tokens it may introspect.
        required_role: the name of the role that its users need; None if it accepts all of them.
        first_party: whether it works without the consent of users.
        require_pkce: whether its requests for authorization need a challenge (RFC 7636).
        secrets: the newest secret, then the one before while it is accepted; without their values.
        last_used_at: when it last authenticated, to the hour.
    """

    id: int
    client_id: str
    name: str
    kind: ClientKind
    uri: str | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    introspects: tuple[str, ...]
    required_role: str | None
    first_party: bool
    require_pkce: bool
    is_active: bool
    secrets: tuple[ClientSecret, ...]
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None

    @property
    def has_secret(self) -> bool:
        """Whether it authenticates with a secret."""
        return self.kind.has_secret

    @property
    def skips_consent(self) -> bool:
        """Whether it can get data of users who were not asked, or were asked by an unprotected request."""
        return self.first_party or not self.require_pkce or ROLES in self.scopes

    def accepts_redirect_uri(self, uri: str) -> bool:
        """Return whether a browser may be sent to this URI with an authorization code.

        URIs are compared as strings (RFC 9700 §4.1.3); only native applications may use any port of a loopback address
        (RFC 8252 §7.3).
        """
        if uri in self.redirect_uris:
            return True
        if self.kind is not ClientKind.NATIVE:
            return False
        portless = without_loopback_port(uri)
        return portless is not None and portless in map(without_loopback_port, self.redirect_uris)


def is_client_id(text: str) -> bool:
    """Return whether a text has the form of a `client_id`."""
    return _CLIENT_ID.fullmatch(text) is not None
