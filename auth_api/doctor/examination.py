"""All that is looked at, in the order of the report."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from auth_api.doctor.database import look_at_database
from auth_api.doctor.exposure import look_at_exposure
from auth_api.doctor.files import look_at_files
from auth_api.doctor.findings import Finding, fail, ok
from auth_api.doctor.hashing import look_at_hashing
from auth_api.doctor.keys import look_at_keys
from auth_api.doctor.mail import look_at_mail
from auth_api.doctor.proxy import look_at_proxy
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError


async def examine(
    settings: Settings, environ: Mapping[str, str], folder: Path, *, now: datetime, url: str | None = None
) -> list[Finding]:
    """Look at everything; what takes time on the network is waited for at once.

    Args:
        settings: what the environment decides.
        environ: the variables that somebody set.
        folder: the working folder, which paths are relative to.
        now: the present.
        url: where clients reach a server that runs, to see what the proxies on the way do.
    """
    production = settings.is_production
    hashing = look_at_hashing(settings.hashing)  # first, while nothing else runs
    database, mail, *proxy = await asyncio.gather(
        look_at_database(settings.database, workers=settings.server.workers, is_production=production),
        look_at_mail(settings.mail, is_production=production),
        *([asyncio.to_thread(look_at_proxy, url, settings.metrics.token)] if url else ()),
    )
    return [
        look_at_settings(settings),
        *database,
        *look_at_keys(settings.sessions.keys, environ, folder, now=now),
        *hashing,
        *look_at_exposure(settings.http, host=settings.server.host, is_production=production),
        *proxy,
        mail,
        *look_at_files(environ, folder, settings.database),
    ]


def look_at_settings(settings: Settings) -> Finding:
    """Say in which kind of place this is."""
    workers = "1 worker" if settings.server.workers == 1 else f"{settings.server.workers} workers"
    address = f"{settings.server.host}:{settings.server.port}"
    return ok("settings", f"valid: {settings.environment}, {workers} on {address}, {settings.http.public_url}")


def explain_settings(error: InvalidSettingsError) -> list[Finding]:
    """Return one finding for each variable that is missing or wrong."""
    return [
        fail("settings", f"{problem.variable} {problem.problem}", f"Example: {problem.variable}={problem.example}")
        if problem.example
        else fail("settings", f"{problem.variable} {problem.problem}", f"Mend {problem.variable}.")
        for problem in error.problems
    ]
