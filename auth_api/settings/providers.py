"""Settings of the providers with which people log in."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from auth_api.credentials.providers.policy import ANY_TENANT, MAX_PROVIDERS, ProviderSettings, ProvidersPolicy
from auth_api.credentials.providers.presets import DEV, GENERIC, GITHUB, MICROSOFT, PRESETS, PRIVATE_ACCOUNTS, Preset
from auth_api.kit.http.origins import is_loopback_origin, origin_of
from auth_api.settings.reader import Environment, Reader, described_fields

_SETTINGS: Final = {field.name: field.setting for field in described_fields(ProviderSettings)}


def checked_providers(read: Reader, policy: ProvidersPolicy) -> ProvidersPolicy:
    """Read the settings of the listed providers."""
    ids = policy.ids
    if len(set(ids)) != len(ids) or len(ids) > MAX_PROVIDERS:
        read.problem("PROVIDERS", f"must list at most {MAX_PROVIDERS} providers, each of them once", '["google"]')
    if DEV in ids and read.environment is not Environment.DEVELOPMENT:
        fix = f"Remove {DEV} from the list."
        read.problem("PROVIDERS", f"must not list {DEV} outside of development, as it proves no identity", fix=fix)
    return msgspec.structs.replace(policy, configured=tuple(_provider(read, each) for each in ids))


def _provider(read: Reader, provider_id: str) -> ProviderSettings:
    """Read the settings of a provider, and record what is wrong with each variable."""
    preset = PRESETS.get(provider_id, GENERIC)
    defaults = {"name": preset.name or provider_id, "issuer": preset.issuer, "scopes": preset.scopes}
    values = read.values(ProviderSettings, defaults, provider_id=provider_id)
    variables = {name: setting.for_provider(provider_id).variable for name, setting in _SETTINGS.items()}
    is_set = {name for name, variable in variables.items() if read.is_set(variable)}
    for name in sorted(is_set & preset.unused):
        read.problem(variables[name], f"has no effect with the provider {provider_id}", fix="Remove it.")
    for name, problem, example in _problems(provider_id, preset, values, is_set, is_production=read.is_production):
        if name not in preset.unused and not read.has_problem(variables[name]):
            read.problem(variables[name], problem, example or _SETTINGS[name].example)
    if provider_id == MICROSOFT:
        values["issuer"] = f"https://login.microsoftonline.com/{_authority(values['tenants'])}/v2.0"
    return ProviderSettings(id=provider_id, **values)


def _problems(
    provider_id: str, preset: Preset, values: Mapping[str, Any], is_set: set[str], *, is_production: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield field, problem and example for what is missing, and for values that do not fit each other."""
    tenants, issuer = values["tenants"], values["issuer"]
    if "client_id" not in is_set:
        yield "client_id", "is missing: the provider shows it when this server is registered as a client", "my-client"
    if preset is GENERIC and not issuer:
        yield "issuer", "is missing: what the provider's discovery document contains as issuer", ""
    if issuer.startswith("http:") and (is_production or not is_loopback_origin(origin_of(issuer).encode())):
        yield "issuer", "must be an https URL; in development http is accepted for this machine only", ""
    if provider_id != GITHUB and "openid" not in values["scopes"].split():
        yield "scopes", "must contain openid", preset.scopes
    if provider_id == MICROSOFT and not tenants:
        yield "tenants", "is missing: whose accounts are accepted", ""
    if len(tenants) > 1 and set(tenants) & set(ANY_TENANT):
        yield "tenants", f"must be only one item if it is one of {', '.join(ANY_TENANT)}", ""
    if values["role_map"] and not values["role_claim"]:
        yield "role_claim", "is missing: the claim to whose values the map gives roles", "groups"
    if values["role_claim"] and not values["role_map"]:
        yield "role_map", "is missing: without it, the claim gives no roles", ""


def _authority(tenants: tuple[str, ...]) -> str:
    """Return the tenant, or the word for the smallest group of tenants, whose log-in page is shown."""
    if len(tenants) == 1:
        return tenants[0]
    return "common" if PRIVATE_ACCOUNTS in tenants else "organizations"
