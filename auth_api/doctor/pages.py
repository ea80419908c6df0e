"""Check which pages this server has, whether they can be shown, and what else has their origin."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import jinja2

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.http.origins import origin_of
from auth_api.settings import Settings
from auth_api.sign_in_flows.policy import SIGNED_IN, ReturnPolicy
from auth_api.web.frame.languages import LANGUAGES
from auth_api.web.frame.renderer import environment


def check_pages(settings: Settings) -> Iterator[Finding]:
    """Report whether people can log in on pages of this server, or why not, and the parts of the pages."""
    if settings.pages.is_hosted:
        yield ok("pages", f"People log in at {settings.http.public_url}/account/login.")
        yield from _check_origin(settings)
        yield from _check_passkeys(settings)
    else:
        yield _explain_absence(settings)
    yield check_templates()
    logo = settings.pages.logo
    if logo is not None:
        source = f"Browsers load it from {logo.origin}" if logo.url else f"It is a file, {logo.media_type}"
        yield ok("pages.logo", f"The pages have a logo. {source}.")


def check_templates() -> Finding:
    """Load all templates and translations, which an incomplete installation lacks. Settings cannot break them."""
    check = "pages.templates"
    try:
        for language in LANGUAGES:
            templates = environment(language)
            for name in templates.list_templates():
                templates.get_template(name)
    except (OSError, ValueError, jinja2.TemplateError) as error:
        message = f"A template or a translation of the pages cannot be loaded: {type(error).__name__}: {error}."
        return fail(check, message, "Install auth_api again; in a checkout, run: make dev")
    return ok(check, f"All templates can be loaded, in: {', '.join(LANGUAGES)}.")


def _explain_absence(settings: Settings) -> Finding:
    reason, fix = "HOSTED_PAGES=false", "If people should log in here, set HOSTED_PAGES=true."
    if urlsplit(settings.http.public_url).path:
        reason = "PUBLIC_URL has a path, and the pages need a host of their own"
        fix = "If people should log in here, give this server a host name of its own, and set PUBLIC_URL to it."
    elif settings.mail.frontend_url != settings.http.public_url:
        reason = "FRONTEND_URL is not PUBLIC_URL"
    return note("pages", f"This server has no pages to log in: {reason}.", fix)


def _check_origin(settings: Settings) -> Iterator[Finding]:
    """Warn of an application on the origin of the pages, whose scripts can read and use them (ASVS V3.5.4)."""
    own_origin, frontend_url = origin_of(settings.http.public_url), settings.mail.frontend_url
    has_frontend = frontend_url != settings.http.public_url and origin_of(frontend_url) == own_origin
    applications = set(settings.of(ReturnPolicy).urls) - {f"{frontend_url}{SIGNED_IN}", f"{own_origin}{SIGNED_IN}"}
    signs = {
        "FRONTEND_URL": has_frontend,
        "CORS_ORIGINS": own_origin in settings.http.cors_origins,
        "RETURN_URLS": any(url.startswith((f"{own_origin}/", f"{own_origin}?")) for url in applications),
    }
    for variable, is_sign in signs.items():
        if is_sign:
            yield warn(
                "pages.origin",
                f"{variable} names an application at {own_origin}, where the pages are. Its scripts can act for "
                "everyone who is logged in.",
                "Give the application and this server different host names.",
            )


def _check_passkeys(settings: Settings) -> Iterator[Finding]:
    """Warn if users have passkeys, and the pages do not accept them."""
    own_origin, passkeys = origin_of(settings.http.public_url), settings.passkeys
    if passkeys.enabled and own_origin not in passkeys.origins:
        fix = "Add it to PASSKEY_ORIGINS. If it does not fit PASSKEY_RP_ID, set that to a domain that both hosts share."
        yield warn("pages.passkeys", f"The pages cannot use passkeys: PASSKEY_ORIGINS lacks {own_origin}.", fix)
