"""Check whether the providers that people log in with can be reached, and do what a login needs."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.creation import create_provider
from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.credentials.providers.id_token_claims import LEEWAY_SECONDS
from auth_api.credentials.providers.openid import OpenIdProvider
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.presets import DEV, PRESETS
from auth_api.credentials.providers.upstream_calls import ProviderCalls, create_breaker
from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.outbound.client import Outbound, OutboundResponse
from auth_api.kit.text import counted
from auth_api.roles.role import Role

SYNCHRONIZED_SECONDS: Final = 10.0
"""More than the delay of an answer, whose time has whole seconds."""

GITHUB_API: Final = "https://api.github.com/"

_SIGNING_KEY_TYPES: Final = ("RSA", "EC", "OKP")


class _RecordedCalls(ProviderCalls):
    """Calls to a provider, whose answers are kept."""

    answers: dict[str, OutboundResponse]

    async def get(self, endpoint: str, url: str, *, headers: Mapping[str, str] | None = None) -> OutboundResponse:
        """Read a document."""
        self.answers[endpoint] = await super().get(endpoint, url, headers=headers)
        return self.answers[endpoint]


async def check_providers(
    configured: Sequence[ProviderSettings], outbound: Outbound, clock: Clock = utc_now
) -> list[Finding]:
    """Check all providers concurrently.

    Args:
        configured: their settings.
        outbound: sends the requests.
        clock: the clock of this server.
    """
    found = await asyncio.gather(*(_check_provider(each, outbound, clock) for each in configured))
    return [finding for findings in found for finding in findings]


def evaluate_role_map(settings: ProviderSettings, roles: Iterable[Role]) -> Iterator[Finding]:
    """Warn of roles that the map of a provider names, but that its users do not get."""
    known = {role.name: role for role in roles}
    variable = f"{_prefix(settings)}_ROLE_MAP"
    for name in sorted({name for names in settings.role_map.values() for name in names}):
        if name not in known:
            fix = f"Create it with auth-api roles create {name}, or correct the map."
            yield warn(_check(settings), f"{variable} names the role {name}, which does not exist.", fix)
        elif known[name].is_administrative and not settings.role_map_administrative:
            message = f"{variable} names the role {name}, which is not granted: it has administrative permissions."
            yield warn(_check(settings), message, f"Remove it, or set {variable}_ADMINISTRATIVE=true.")


async def _check_provider(settings: ProviderSettings, outbound: Outbound, clock: Clock) -> list[Finding]:
    if settings.id == DEV:
        return [note(_check(settings), "Everybody can log in as any made-up person; only for development.")]
    calls = _RecordedCalls(settings.id, outbound, create_breaker(settings.id, BreakerPolicy()))
    calls.answers = {}
    provider = create_provider(settings, calls, clock)
    try:
        if not isinstance(provider, OpenIdProvider):
            await calls.get("userinfo", GITHUB_API)
            findings = [ok(_check(settings), f"{settings.name} answers.")]
        else:
            metadata = await provider.metadata()
            findings = [_evaluate_keys(settings, metadata.issuer, await provider.keys.read())]
            findings += _evaluate_discovery(settings, calls.answers["discovery"].document)
    except ProviderUnavailableException as error:
        return [_explain_outage(settings, error)]
    except (ProviderErrorException, AnswerRefusedError) as error:
        refused = error if isinstance(error, AnswerRefusedError) else error.__cause__
        reason = refused.reason if isinstance(refused, AnswerRefusedError) else type(refused).__name__
        return [_explain_refusal(settings, reason, calls.answers)]
    dates = [answer.headers["date"] for answer in calls.answers.values() if "date" in answer.headers]
    return [*findings, *_evaluate_clock(settings, dates[-1:], clock())]


def _evaluate_keys(settings: ProviderSettings, issuer: str, keys: Sequence[Mapping[str, Any]]) -> Finding:
    usable = [key for key in keys if key.get("kty") in _SIGNING_KEY_TYPES and key.get("use", "sig") == "sig"]
    if not usable:
        message = f"{settings.name} publishes no key with which ID tokens can be checked."
        return fail(_check(settings), message, "Let it sign ID tokens with RS256, ES256 or EdDSA.")
    return ok(_check(settings), f"{settings.name} answers as {issuer}, with {counted(len(usable), 'key')}.")


def _evaluate_discovery(settings: ProviderSettings, document: Mapping[str, Any]) -> Iterator[Finding]:
    """Evaluate what the discovery document promises beyond the endpoints (RFC 8414 §2, RFC 9207 §3)."""
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        message = f"{settings.name} does not support PKCE with S256: a code that is stolen on its way can be used."
        yield warn(_check(settings), message, "Switch PKCE with S256 on at the provider.")
    elif methods is None and settings.id not in PRESETS:
        yield note(_check(settings), f"{settings.name} does not state whether it supports PKCE.")
    if document.get("authorization_response_iss_parameter_supported") is not True and settings.id not in PRESETS:
        yield note(_check(settings), f"{settings.name} does not name itself in its responses (RFC 9207).")
    if "common" in settings.tenants:
        message = "Accounts of all organizations and all private accounts of Microsoft are accepted."
        yield warn(_check(settings), message, f"List your tenants in {_prefix(settings)}_TENANTS.")


def _evaluate_clock(settings: ProviderSettings, dates: Sequence[str], now: datetime) -> Iterator[Finding]:
    """Compare the clocks: an ID token of the future, or an expired one, is refused."""
    for text in dates:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return
        offset = abs((now - (date if date.tzinfo else date.replace(tzinfo=UTC))).total_seconds())
        if offset > SYNCHRONIZED_SECONDS:
            message = f"The clock of this server and that of {settings.name} differ by {offset:.0f} s."
            report = fail if offset > LEEWAY_SECONDS else warn
            yield report(_check(settings), message, "Synchronize the clock of this machine, for example with chrony.")


def _explain_outage(settings: ProviderSettings, error: ProviderUnavailableException) -> Finding:
    message = f"{settings.name} cannot be reached, or does not answer as it should: {error.__cause__}."
    fix = f"Check the network and the TLS certificate of {settings.issuer or settings.name}."
    return fail(_check(settings), message, fix)


def _explain_refusal(settings: ProviderSettings, reason: str, answers: Mapping[str, OutboundResponse]) -> Finding:
    variable = f"{_prefix(settings)}_ISSUER"
    if reason.endswith(".address"):
        message = f"{settings.name} has an address that is not public, or no https URL ({reason})."
        return fail(_check(settings), message, "If it is in your own network, list that in OUTBOUND_ALLOWED_NETWORKS.")
    if reason == "discovery.status":
        message = f"{settings.issuer} has no discovery document."
        return fail(_check(settings), message, f"Correct {variable}: without /.well-known/openid-configuration.")
    if reason == "discovery.issuer":
        message = f"The provider calls itself {answers['discovery'].document['issuer']}, not {settings.issuer}."
        return fail(_check(settings), message, f"If it is the right one, set {variable} to exactly this text.")
    message = f"An answer of {settings.name} breaks a rule: {reason}."
    return fail(_check(settings), message, "See docs/providers.md, or ask the operator of the provider.")


def _check(settings: ProviderSettings) -> str:
    return f"providers.{settings.id}"


def _prefix(settings: ProviderSettings) -> str:
    return f"PROVIDER_{settings.id.upper().replace('-', '_')}"
