"""Connect the services to the database, the mail server and providers: circuit breakers, mailer and protocols."""

from pathlib import Path

from auth_api.credentials.providers.creation import create_provider
from auth_api.credentials.providers.dev import DevProvider
from auth_api.credentials.providers.policy import ProviderSettings, ProvidersPolicy
from auth_api.credentials.providers.presets import DEV
from auth_api.credentials.providers.provider import Provider
from auth_api.credentials.providers.service import Providers
from auth_api.credentials.providers.upstream_calls import ProviderCalls, create_breaker
from auth_api.events.outbox.delivery import SERVICE as MAIL_SERVICE
from auth_api.events.outbox.delivery import is_outage as is_mail_outage
from auth_api.kit.breaker.breaker import ServiceBreaker, breakers
from auth_api.kit.clock import Clock
from auth_api.kit.crypto.sealing import Sealing
from auth_api.kit.db import failures
from auth_api.kit.db.database import SERVICE, Database
from auth_api.kit.mail.folder import FolderMailer
from auth_api.kit.mail.message import Mailer
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.mail.smtp import SmtpMailer
from auth_api.kit.outbound.client import Outbound
from auth_api.settings import Settings


def install_breakers(settings: Settings, database: Database) -> None:
    """Install a circuit breaker for the database and one for the mail server."""
    breakers.install(
        ServiceBreaker(
            SERVICE,
            settings.breaker,
            is_failure=failures.is_outage,
            translate=failures.translate,
            probe=database.ping,
        )
    )
    breakers.install(ServiceBreaker(MAIL_SERVICE, settings.breaker, is_failure=is_mail_outage))


def create_mailer(mail: MailPolicy) -> Mailer:
    """Return the mailer for the mail server, or without one the mailer that writes files into a folder."""
    if mail.server is not None:
        return SmtpMailer(mail.server, mail.sender)
    return FolderMailer(Path(mail.folder or "."), mail.sender, prints=True)


def create_providers(settings: Settings, outbound: Outbound, clock: Clock) -> Providers:
    """Return the providers that people can log in with, and install a circuit breaker for each."""
    providers: list[Provider] = []
    for each in settings.of(ProvidersPolicy).configured:
        if each.id == DEV:
            providers.append(create_dev_provider(each, settings))
        else:
            breaker = create_breaker(each.id, settings.breaker)
            breakers.install(breaker)
            providers.append(create_provider(each, ProviderCalls(each.id, outbound, breaker), clock))
    return Providers(tuple(providers))


def create_dev_provider(provider: ProviderSettings, settings: Settings) -> DevProvider:
    """Return the provider for development, where there is always a key to seal with."""
    return DevProvider(
        settings=provider, sealing=Sealing(settings.sealing.data_keys), public_url=settings.http.public_url
    )
