"""Run all checks, in the order of the report."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.doctor.database import check_database
from auth_api.doctor.exposure import check_exposure
from auth_api.doctor.files import check_files
from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.doctor.hashing import check_hashing
from auth_api.doctor.keys import check_keys
from auth_api.doctor.mail import check_mail
from auth_api.doctor.mail_templates import check_templates
from auth_api.doctor.oauth import check_oauth_keys, check_oauth_metadata
from auth_api.doctor.pages import check_pages
from auth_api.doctor.passkeys import check_passkeys
from auth_api.doctor.providers import check_providers
from auth_api.doctor.proxy import check_proxy
from auth_api.doctor.sealed_values import check_authenticator_apps
from auth_api.doctor.second_factors import check_required_factors
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.text import counted
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.settings.environment import unknown_names
from auth_api.settings.files import UnreadableFileError
from auth_api.settings.reader import InvalidSettingsError
from auth_api.sign_in.policy import MfaPolicy


async def examine(
    settings: Settings, environ: Mapping[str, str], folder: Path, *, now: datetime, url: str | None = None
) -> list[Finding]:
    """Run all checks; those that use the network run concurrently.

    Args:
        settings: the settings to check.
        environ: the variables that are set.
        folder: the working directory, which paths are relative to.
        now: the current time.
        url: URL at which clients reach the running server; None skips what only a running server shows.
    """
    production, oauth = settings.is_production, settings.of(OAuthPolicy)
    hashing = check_hashing(settings.hashing)  # first, because other work would slow it down
    outbound = Outbound(settings.outbound)
    database, mail, providers, *proxy = await asyncio.gather(
        check_database(
            settings.database,
            data_keys=settings.sealing.data_keys,
            passkeys=settings.passkeys,
            workers=settings.server.workers,
            is_production=production,
        ),
        check_mail(settings.mail, is_production=production),
        check_providers(settings.of(ProvidersPolicy).configured, outbound),
        *([asyncio.to_thread(check_proxy, url, settings.metrics.token)] if url else ()),
        *([asyncio.to_thread(check_oauth_metadata, oauth.keys.issuer)] if url and oauth.enabled else ()),
    )
    await outbound.close()
    return [
        check_settings(settings),
        *evaluate_names(unknown_names(environ, folder)),
        *evaluate_parameters(settings.database.ignored_parameters),
        *database,
        *check_keys(settings.sessions.keys, environ, folder, now=now),
        *check_oauth_keys(oauth),
        hashing,
        check_passkeys(settings.passkeys, is_production=production),
        check_authenticator_apps(settings.sealing.data_keys),
        *check_required_factors(settings.of(MfaPolicy), settings.passkeys, settings.sealing.data_keys),
        *check_pages(settings),
        *check_exposure(settings.http, host=settings.server.host, is_production=production),
        *proxy,
        *providers,
        mail,
        *check_templates(settings.mail),
        *check_files(environ, folder, settings.database),
    ]


def check_settings(settings: Settings) -> Finding:
    """Report the environment and the address."""
    workers = counted(settings.server.workers, "worker")
    address = f"{settings.server.host}:{settings.server.port}"
    return ok("settings", f"Valid: {settings.environment}, {settings.http.public_url}, {workers} on {address}.")


def evaluate_misspelled(misspelled: Sequence[str]) -> Iterator[Finding]:
    """Warn of each variable of the process whose name is nearly that of a setting; it may be another program's."""
    for sentence in misspelled:
        yield warn("settings.names", sentence, "Correct the name, if this server is meant (docs/configuration.md).")


def evaluate_parameters(ignored: Sequence[str]) -> Iterator[Finding]:
    """Name the parameters of `DATABASE_URL` that have no effect."""
    if ignored:
        fix = "Remove them from DATABASE_URL. The time to connect is DATABASE_CONNECT_TIMEOUT."
        yield note("database.parameters", f"Parameters without effect: {', '.join(ignored)}.", fix)


def evaluate_names(unknown: Sequence[str]) -> Iterator[Finding]:
    """Fail for each variable of `.env` that is not a setting: a typo must not leave a default in force."""
    for sentence in unknown:
        fix = "Correct the name (docs/configuration.md), or move variables of other programs to another file."
        yield fail("settings.names", sentence, fix)


def explain_settings(error: InvalidSettingsError | UnreadableFileError) -> list[Finding]:
    """Return a finding for each variable that is missing or invalid, and for each line that cannot be read."""
    if isinstance(error, UnreadableFileError):
        return [
            fail("settings", line, "Correct the file, then run this command again.") for line in str(error).split("\n")
        ]
    return [
        fail(
            "settings",
            f"{problem.variable} {problem.problem}.",
            problem.remedy or f"Correct {problem.variable}.",
        )
        for problem in error.problems
    ]
