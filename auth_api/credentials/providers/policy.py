"""Settings of the providers with which people log in."""

import re
from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

import msgspec

from auth_api.kit.setting import ID, Setting, parse_base_url
from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.roles.role_names import is_role_name
from auth_api.users.policy import parse_domain

MAX_PROVIDERS: Final = 20

ANY_TENANT: Final = ("organizations", "consumers", "common")
"""Microsoft's words for all organizations, all private accounts, and both."""

_PROVIDER_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
_CREDENTIAL: Final = re.compile(r"[\x20-\x7e]{1,1024}")
"""RFC 6749 appendix A.1 and A.2."""

_SCOPES: Final = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")
"""RFC 6749 §3.3."""

_MAX_ISSUER_CHARACTERS: Final = 255


def parse_provider_id(text: str) -> str:
    """Return the id of a provider; raise a ValueError for any other text."""
    if _PROVIDER_ID.fullmatch(text) is None:
        message = "must list ids of 1 to 30 characters: lower-case letters, digits and hyphens, first no hyphen"
        raise ValueError(message)
    return text


def parse_client_credential(text: str) -> str:
    """Return an id or a secret of a client; raise a ValueError for any other text."""
    if _CREDENTIAL.fullmatch(text) is None:
        message = "must have 1 to 1024 characters of ASCII, as the provider shows it"
        raise ValueError(message)
    return text


def parse_issuer(text: str) -> str:
    """Return the URL of a provider unchanged, since its proofs must contain exactly this text.

    Raises:
        ValueError: not a URL with which an issuer can begin (OpenID Connect Discovery 1.0 §3).
    """
    parse_base_url(text)
    if len(text) > _MAX_ISSUER_CHARACTERS:
        message = f"must have at most {_MAX_ISSUER_CHARACTERS} characters"
        raise ValueError(message)
    return text


def parse_scopes(text: str) -> str:
    """Return names of scopes with one blank between two; raise a ValueError for any other text."""
    scopes = " ".join(text.split())
    if _SCOPES.fullmatch(scopes) is None:
        message = "must be names of scopes, separated by blanks"
        raise ValueError(message)
    return scopes


def parse_email_domain(text: str) -> str:
    """Return a domain of e-mail addresses as they are stored; raise a ValueError for any other text."""
    if "*" in text:
        message = "must list domains of e-mail addresses; subdomains are listed one by one"
        raise ValueError(message)
    return parse_domain(text)


def parse_tenant(text: str) -> str:
    """Return a tenant of Microsoft as it stands in tokens, or a word for many; raise a ValueError for other texts."""
    if text in ANY_TENANT:
        return text
    try:
        return str(UUID(text))
    except ValueError:
        message = f"must list ids of tenants (UUIDs), or be one of {', '.join(ANY_TENANT)}"
        raise ValueError(message) from None


def parse_role_map(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the roles by values of a claim.

    Raises:
        ValueError: no JSON object of lists with names of roles; or it grants the role `administrator`.
    """
    try:
        role_map = msgspec.json.decode(text, type=dict[str, tuple[str, ...]])
    except msgspec.MsgspecError:
        message = "must be a JSON object: a list of roles for each value of the claim"
        raise ValueError(message) from None
    roles = {role for roles in role_map.values() for role in roles}
    if ADMINISTRATOR in roles:
        message = f"must not grant the role {ADMINISTRATOR}: only administrators can"
        raise ValueError(message)
    if not all(map(is_role_name, roles)):
        message = "contains a text that cannot be the name of a role"
        raise ValueError(message)
    return role_map


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How people log in with one provider."""

    id: str
    client_id: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_CLIENT_ID",
            "Id of this server as a client of the provider.",
            parse=parse_client_credential,
            default_text="required, except for `dev`",
        ),
    ] = ""
    client_secret: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_CLIENT_SECRET",
            "Secret of this server as a client of the provider.",
            parse=parse_client_credential,
            is_secret=True,
        ),
    ] = ""
    name: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_NAME",
            "Name of the provider on pages.",
            default_text="`Google`, `Microsoft`, `GitHub`; otherwise the id",
        ),
    ] = ""
    issuer: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_ISSUER",
            "Issuer of the provider, exactly as its discovery document and its ID tokens contain it. For providers "
            "without a preset only.",
            parse=parse_issuer,
            accepts="an https URL; in development also an http URL of this machine",
            example="https://login.your-company.com/realms/staff",
            default_text="required without a preset",
        ),
    ] = ""
    scopes: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_SCOPES",
            "Scopes that the provider is asked for.",
            parse=parse_scopes,
            accepts="names of scopes, separated by blanks",
            default_text="`openid email profile`; `github`: `read:user user:email`",
        ),
    ] = ""
    sign_up: Annotated[
        bool,
        Setting(f"PROVIDER_{ID}_SIGN_UP", "Whether people without an account can register with this provider."),
    ] = True
    trust_email: Annotated[
        bool,
        Setting(
            f"PROVIDER_{ID}_TRUST_EMAIL",
            "Whether an e-mail address counts as verified if the provider states that it is. Set it only for a "
            "provider that verifies all addresses itself. For providers without a preset only.",
        ),
    ] = False
    email_domains: Annotated[
        tuple[str, ...],
        Setting(
            f"PROVIDER_{ID}_EMAIL_DOMAINS",
            "Domains of the verified e-mail addresses with which people can register with this provider.",
            parse=parse_email_domain,
            accepts="list of domains",
            example='["your-company.com"]',
            default_text="all, and without an address",
        ),
    ] = ()
    tenants: Annotated[
        tuple[str, ...],
        Setting(
            f"PROVIDER_{ID}_TENANTS",
            "Tenants whose accounts are accepted. For `microsoft` only.",
            parse=parse_tenant,
            accepts="list of UUIDs, or one of `organizations`, `consumers`, `common`",
            example='["8b8f1d2c-5f0e-4f3c-9a57-2f6f3f8f8c11"]',
            default_text="required for `microsoft`",
        ),
    ] = ()
    role_claim: Annotated[
        str,
        Setting(
            f"PROVIDER_{ID}_ROLE_CLAIM",
            "Claim of the ID token, or of the user info, that lists groups or roles of a person: its name, or its "
            "path such as `realm_access.roles`. Not for `github`.",
            accepts="name of a claim",
        ),
    ] = ""
    role_map: Annotated[
        Mapping[str, tuple[str, ...]],
        Setting(
            f"PROVIDER_{ID}_ROLE_MAP",
            "Roles that people get while the claim contains a value. Never `administrator`. Not for `github`.",
            parse=parse_role_map,
            accepts="JSON object: a list of roles for each value of the claim",
            example='{"support-team": ["support"]}',
        ),
    ] = msgspec.field(default_factory=dict)
    role_map_administrative: Annotated[
        bool,
        Setting(
            f"PROVIDER_{ID}_ROLE_MAP_ADMINISTRATIVE",
            "Whether the map can also give roles with administrative permissions. Not for `github`.",
        ),
    ] = False

    def __repr__(self) -> str:
        """Omit the secret."""
        return f"ProviderSettings(id={self.id!r})"


class ProvidersPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which providers people can log in with.

    Attributes:
        configured: their settings, in the order of the ids.
    """

    ids: Annotated[
        tuple[str, ...],
        Setting(
            "PROVIDERS",
            "Ids of the providers with which people can log in, in the order of their buttons: `google`, `microsoft`, "
            "`github`, any other id for another provider of OpenID Connect; `dev`, only in development, lets you "
            "choose a made-up person.",
            parse=parse_provider_id,
            accepts="list of ids: lower-case letters, digits and hyphens",
            example='["google", "github"]',
        ),
    ] = ()
    configured: tuple[ProviderSettings, ...] = ()
