"""Build the HTTP application from the services of `composition.py`. Read both modules first."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Final, cast

from litestar import Litestar, Request
from litestar.di import Provide

from auth_api import __version__
from auth_api.authentication.bearer import bearer_auth, caller_loading, identification, optional_principal
from auth_api.authentication.caller import Caller
from auth_api.authentication.decision import Decision
from auth_api.authentication.policy import AdministrationPolicy
from auth_api.composition import create_services
from auth_api.features import ERRORS, PATHS, TAGS, client_ip_limits
from auth_api.kit.clock import Clock, utc_now
from auth_api.kit.errors import RateLimitedException
from auth_api.kit.gcra import Gcra
from auth_api.kit.http.access import check_access
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.cors import CorsPolicy
from auth_api.kit.http.dependencies import provide, provide_request_context, resolve_directly
from auth_api.kit.http.docs_pages import docs_routers, openapi_config
from auth_api.kit.http.edge import EdgeMiddleware
from auth_api.kit.http.error_documents import ErrorDocuments
from auth_api.kit.http.error_responses import ErrorResponses
from auth_api.kit.http.exception_handler import error_responder
from auth_api.kit.http.json import strict_request
from auth_api.kit.http.litestar_patches import Application
from auth_api.kit.http.load_shedding import overload_check, shedders_by_route
from auth_api.kit.http.openapi_document import complete
from auth_api.kit.http.origin_check import origin_check
from auth_api.kit.http.origins import origin_of
from auth_api.kit.http.pagination import provide_page
from auth_api.kit.http.rate_limit import limit_check
from auth_api.kit.http.request_cycle import EdgeConfig
from auth_api.kit.http.request_screening import MAX_BODY_BYTES, RequestScreening
from auth_api.kit.http.security_headers import SecurityHeaders
from auth_api.kit.http.token_transport import RefreshCookie, TokenTransport
from auth_api.kit.loop_lag import loop_lag_measured
from auth_api.kit.mail.message import Mailer
from auth_api.kit.metrics import set_build_info
from auth_api.kit.outbound.client import Outbound
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.sessions.principal import Principal
from auth_api.settings import Settings
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy
from auth_api.throttling.client_ip_limits import ClientIpLimits
from auth_api.throttling.policy import ThrottlingPolicy
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.user import User
from auth_api.web.frame.base_path import base_path
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.error_page import ErrorPage
from auth_api.web.frame.routes import page_names, provide_visit

FLOOD_BURST_SECONDS: Final = 10
"""Burst size of the flood limit, in seconds of its sustained rate."""

DESCRIPTION: Final = """\
User accounts, sessions and tokens over JSON.

1. **Register** or **log in**: the response contains an `access_token` and a `refresh_token`.
2. Send `Authorization: Bearer <access_token>` with each request (in Swagger UI: **Authorize**).
3. On `TOKEN_EXPIRED`, **refresh**. A refresh token can be used once; the response contains the next one.

Every error is a problem document (RFC 9457). Its `error_code` is stable; `/errors/{error_code}` explains it.
"""


def create_app(
    settings: Settings, *, clock: Clock = utc_now, mailer: Mailer | None = None, outbound: Outbound | None = None
) -> Litestar:
    """Build the application. It opens no connection before its lifespan begins.

    Args:
        settings: the configuration.
        clock: the current time, for values that are not taken from the database.
        mailer: sends mail instead of the mailer that the settings describe.
        outbound: calls other servers instead of the client that the settings describe.
    """
    services = create_services(settings, clock=clock, mailer=mailer, outbound=outbound)
    if services.core.passkeys.relying_party is not None:
        services.core.passkeys.relying_party.load_library()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        set_build_info(__version__)
        jobs = services.running_jobs() if settings.background_jobs else nullcontext()
        async with services.running(), loop_lag_measured(), jobs:
            yield

    docs = settings.http.docs_enabled
    base = base_path(settings.http.public_url)
    identify = identification(services.core.sessions)
    load_caller = caller_loading(services.core.sessions, services.core.api_keys)
    decision = Decision(
        networks=settings.of(AdministrationPolicy).networks,
        freshness=services.core.freshness,
        needs_second_factor=settings.of(MfaPolicy).requirement != OPTIONAL,
    )
    has_oauth = settings.of(OAuthPolicy).enabled
    documents = ErrorDocuments(clock=clock, base=base, has_oauth=has_oauth)
    load_shedders = {"password_hashing": services.core.hasher}
    client_ip_resolver = ClientIpResolver(settings.http.trusted_proxies)
    app = Application(
        route_handlers=[
            *(controller for feature in services.features for controller in feature.controllers),
            *(docs_routers(base) if docs else ()),
        ],
        dependencies={
            **{name: provide(value) for feature in services.features for name, value in feature.dependencies.items()},
            "request_context": Provide(provide_request_context, sync_to_thread=False),
            "page": Provide(provide_page, sync_to_thread=False),
            "decision": provide(decision),
            "caller": Provide(_caller, sync_to_thread=False),
            "signed_in": Provide(optional_principal(identify, load_caller)),
            "principal": Provide(_principal, sync_to_thread=False),
            "current_user": Provide(_current_user, sync_to_thread=False),
            "visit": Provide(provide_visit),
        },
        before_request=origin_check(
            origin_of(settings.http.public_url),
            then=overload_check(
                load_shedders,
                then=limit_check(
                    ClientIpLimits(settings.throttling, client_ip_limits(settings)).spend, RateLimitedException
                ),
            ),
        ),
        on_app_init=[bearer_auth(identify, load_caller, decision).on_app_init],
        request_class=strict_request(
            {name: check for feature in services.features for name, check in feature.field_checks.items()}
        ),
        request_max_body_size=MAX_BODY_BYTES,
        exception_handlers={Exception: error_responder(documents)},
        lifespan=[lifespan],
        logging_config=None,
        openapi_config=openapi_config(
            title="auth_api", version=__version__, description=DESCRIPTION, tags=TAGS, base=base
        )
        if docs
        else None,
    )
    check_access(app)
    resolve_directly(app)
    app.state.services = services
    app.state.pages = page_names(app, can_register=settings.of(RegistrationPolicy).is_open)
    error_page = ErrorPage(
        brand=Brand.of(settings.pages, product=settings.mail.product, base=base),
        base=base,
        default_language=settings.pages.default_language,
        pages=app.state.pages,
    )
    app.state.is_trusted_proxy = client_ip_resolver.is_trusted
    if docs:
        complete(app, first=PATHS, errors=ERRORS)
    app.asgi_handler = EdgeMiddleware(
        app.asgi_handler,
        config=EdgeConfig(
            errors=ErrorResponses(documents=documents, render=error_page.render),
            cors=CorsPolicy(
                settings.http.cors_origins,
                cookie_origins=settings.http.cookie_origins,
                more_headers=settings.http.cors_headers,
                for_development=not settings.is_production,
                has_oauth=has_oauth,
            ),
            client_ip_resolver=client_ip_resolver,
            security=SecurityHeaders(
                https_only=settings.is_production,
                image_origin=settings.pages.logo.origin if settings.pages.logo else "",
            ),
            token_transport=_token_transport(settings),
        ),
        screening=RequestScreening(
            client_ip_resolver,
            allowed_hosts=settings.http.allowed_hosts,
            https_only=settings.is_production,
            flood_limit=_flood_limit(settings.throttling),
            key_limit=services.core.api_keys.rate_limit if settings.throttling.enabled else None,
        ),
        timeout=settings.server.request_timeout,
        load_shedders=shedders_by_route(app, load_shedders),
    )
    return app


def _flood_limit(policy: ThrottlingPolicy) -> Gcra | None:
    if not policy.enabled:
        return None
    return Gcra(policy.requests_per_second, policy.requests_per_second * FLOOD_BURST_SECONDS)


def _token_transport(settings: Settings) -> TokenTransport:
    """Return the rules of cookie mode. In development, the pages of the server have two names."""
    own = [origin_of(settings.http.public_url)]
    if not settings.is_production:
        own += [f"http://{host}:{settings.server.port}" for host in ("localhost", "127.0.0.1")]
    cookie = RefreshCookie(public_url=settings.http.public_url, is_production=settings.is_production)
    origins = frozenset(origin.encode() for origin in (*own, *settings.http.cookie_origins))
    return TokenTransport(cookie=cookie, origins=origins)


def _caller(request: Request[Any, Caller, Any]) -> Caller:
    return cast("Caller", request.scope["auth"])


def _principal(request: Request[Principal, Any, Any]) -> Principal:
    return cast("Principal", request.scope["user"])


def _current_user(request: Request[Principal, Any, Any]) -> User:
    principal: Principal | None = request.scope["user"]
    return principal.user if principal is not None else cast("User", _caller(request).user)
