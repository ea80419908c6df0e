"""Manifest of sign-ins by a provider."""

from typing import Final

from auth_api.flows.federation.account_decision import AccountDecisions
from auth_api.flows.federation.controllers import ProviderController
from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.flows.federation.exchange import Exchange
from auth_api.flows.federation.exchange_controllers import ExchangeController
from auth_api.flows.federation.federated_registration import FederatedRegistration
from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.federation.hand_off import HandOff
from auth_api.flows.federation.mails import MAIL_KINDS
from auth_api.flows.federation.metrics import create_series
from auth_api.flows.federation.provider_list import list_providers
from auth_api.flows.federation.provider_redirects import ProviderRedirects
from auth_api.flows.federation.register_controllers import ProviderRegistrationController
from auth_api.flows.federation.start_request import StartRequests
from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.throttling.policy import MINUTE, ClientIpLimit
from auth_api.users.policy import RegistrationPolicy

LIMITS: Final = (
    ClientIpLimit(name="provider_start", requests=30, window_seconds=5 * MINUTE),
    ClientIpLimit(name="provider_callback", requests=60, window_seconds=5 * MINUTE),
    ClientIpLimit(name="exchange", requests=20, window_seconds=MINUTE),
)


def federated_sign_in(core: Core, settings: Settings) -> FederatedSignIn:
    """Connect logins and registrations with a proof of a provider to the core."""
    decisions = AccountDecisions(
        users=core.users,
        email_ownership=core.email_ownership,
        identities=core.identities,
        providers=core.providers,
        second_factors=core.second_factors,
        roles=core.roles,
        outbox=core.outbox,
        registration_policy=settings.of(RegistrationPolicy),
    )
    registration = FederatedRegistration(
        database=core.database,
        users=core.users,
        decisions=decisions,
        identities=core.identities,
        uses=core.identity_uses,
        flows=core.sign_in_flows,
        sign_in=core.sign_in,
        tokens=core.tokens,
        audit=core.audit,
        outbox=core.outbox,
        registration_policy=settings.of(RegistrationPolicy),
        verification_policy=settings.verification_policy,
        verification_mail=core.mail_kind("email_verification"),
        registration_mail=core.mail_kind("registration"),
    )
    return FederatedSignIn(
        database=core.database,
        users=core.users,
        email_ownership=core.email_ownership,
        decisions=decisions,
        identities=core.identities,
        uses=core.identity_uses,
        registration=registration,
        flows=core.sign_in_flows,
        sign_in=core.sign_in,
        access_revocation=core.access_revocation,
        audit=core.audit,
        outbox=core.outbox,
    )


def build(core: Core, settings: Settings) -> Feature:
    """Connect sign-ins by a provider to the core."""
    public_url = settings.http.public_url
    create_series(each.settings.id for each in core.providers.all())
    redirects = ProviderRedirects(
        database=core.database,
        users=core.users,
        tokens=core.tokens,
        flows=core.sign_in_flows,
        providers=core.providers,
        clock=core.clock,
        public_url=public_url,
    )
    return_urls = ReturnUrls(urls=frozenset(settings.of(ReturnPolicy).urls))
    hand_off = HandOff(flows=core.sign_in_flows, users=core.users, sessions=core.sessions, sign_in=core.sign_in)
    sign_in = federated_sign_in(core, settings)
    always = (ProviderController, ProviderRegistrationController)
    return Feature(
        controllers=(*always, ExchangeController) if return_urls.urls else always,
        dependencies={
            "exchange": Exchange(flows=core.sign_in_flows, hand_off=hand_off, federated_sign_in=sign_in),
            "federated_sign_in": sign_in,
            "provider_redirects": redirects,
            "start_requests": StartRequests(return_urls=return_urls, has_pages=settings.pages.is_hosted),
            "browser_cookie": BrowserCookie(public_url=public_url, is_production=settings.is_production),
            "listed_providers": list_providers(
                core.providers, public_url=public_url, can_register=settings.of(RegistrationPolicy).is_open
            ),
        },
    )


MANIFEST: Final = Manifest(
    errors=(SignUpRequiredException, IdentityLinkRequiredException),
    mails=MAIL_KINDS,
    paths=("/api/auth/exchange", "/api/auth/providers", "/api/auth/providers/register"),
    limits=lambda _: LIMITS,
    build=build,
)
