"""List all variables by the sections of docs/configuration.md."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.features import POLICIES
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.crypto.policy import HashingPolicy, SealingPolicy
from auth_api.kit.db.policy import DatabasePolicy, DatabaseVariables
from auth_api.kit.http.policy import HttpPolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.kit.setting import Setting
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.server.policy import ServerPolicy
from auth_api.sessions.policy import KeyVariables, SessionPolicy
from auth_api.settings import LogPolicy, Settings
from auth_api.settings.reader import DescribedField, described_fields
from auth_api.settings.values import texts_of
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.users.policy import PasswordPolicy, VerificationPolicy
from auth_api.web.frame.policy import PagePolicy

_POLICIES: Final[Mapping[str, Sequence[type[msgspec.Struct]]]] = {
    "General": (Settings, HttpPolicy),
    "Database": (DatabaseVariables, DatabasePolicy, BreakerPolicy),
    "Tokens and sessions": (KeyVariables, SessionPolicy),
    "Encryption": (SealingPolicy,),
    "Passwords": (PasswordPolicy, HashingPolicy),
    "Passkeys": (PasskeyPolicy,),
    "Registration": (),
    "Providers": (OutboundPolicy,),
    "Mail": (MailPolicy, VerificationPolicy),
    "Pages": (PagePolicy,),
    "Limits": (ThrottlingPolicy,),
    "Server": (ServerPolicy,),
    "Clean-up": (),
    "Logs and metrics": (LogPolicy, MetricsPolicy),
}
"""The order of the sections; the policies of features follow in those that their manifests name, or in further ones."""

SECTIONS: Final[dict[str, tuple[DescribedField, ...]]] = {
    title: tuple(
        field for policy in (*_POLICIES.get(title, ()), *POLICIES.get(title, ())) for field in described_fields(policy)
    )
    for title in {**_POLICIES, **POLICIES}
}

SECRET_VARIABLES: Final = tuple(
    field.setting.variable for fields in SECTIONS.values() for field in fields if field.setting.is_secret
)
"""May also be set by `NAME_FILE`, the path of a file that contains the value, as container engines provide secrets."""

VARIABLES: Final = frozenset(
    [field.setting.variable for fields in SECTIONS.values() for field in fields]
    + [f"{variable}_FILE" for variable in SECRET_VARIABLES]
)
"""The names of all variables that are read, except those of single providers."""

PROVIDER_FIELDS: Final = tuple(described_fields(ProviderSettings))
"""The variables that exist once for each item of `PROVIDERS`."""


def provider_settings(environ: Mapping[str, str]) -> list[Setting]:
    """Return the settings of the providers that `PROVIDERS` lists; none if the variable cannot be read."""
    try:
        ids = texts_of(environ.get("PROVIDERS", ""))
    except ValueError:
        return []
    return [field.setting.for_provider(provider_id) for provider_id in ids for field in PROVIDER_FIELDS]


def secret_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return `SECRET_VARIABLES` and those of the providers."""
    return (*SECRET_VARIABLES, *(each.variable for each in provider_settings(environ) if each.is_secret))


def known_variables(environ: Mapping[str, str]) -> frozenset[str]:
    """Return `VARIABLES` and those of the providers."""
    of_providers = [each.variable for each in provider_settings(environ)]
    return VARIABLES.union(of_providers, (f"{name}_FILE" for name in secret_variables(environ)))
