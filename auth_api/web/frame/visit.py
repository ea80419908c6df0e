"""One request of a person to a page: who they are, which language they read, and what they sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.accept import prefers_json
from auth_api.kit.http.forms import parse_form, read_form, repeatable_fields
from auth_api.kit.http.scope_keys import LIMIT_REFUSAL, PAGE_KIND, request_context_of
from auth_api.kit.http.security_headers import PageKind
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier, BrowserSession
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.principal import Principal
from auth_api.web.frame.devices import Device, device_of
from auth_api.web.frame.frame import Frame
from auth_api.web.frame.journey import ACCOUNT, LOGOUT, Journey, read_journey
from auth_api.web.frame.kept_values import KEPT_IN_LINKS, filled_in
from auth_api.web.frame.languages import LANGUAGES, choose_language
from auth_api.web.frame.metrics import PAGE_POSTS
from auth_api.web.frame.provider_links import provider_links
from auth_api.web.frame.redirects import SignedOutError, page_address, see_other
from auth_api.web.frame.refusals import Refusal, is_shown_in_form, status_of
from auth_api.web.frame.renderer import render

S = TypeVar("S", bound=msgspec.Struct)

VIA_PAGE: Final = "page"

LINK_TOKEN: Final = "link_token"  # noqa: S105 - the name of a field
LINK_PROVIDER: Final = "link_provider"

NO_VALUES: Final[Mapping[str, str]] = MappingProxyType({})


class JourneyForm(msgspec.Struct, frozen=True):
    """A form with nothing but the journey."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request to a page, and the responses to it.

    Attributes:
        frame: what all pages share.
        request: the request.
        cookie: the value of the session's cookie, also if it is dead; None if there is none.
        browser: the session of the browser; None if it has none.
        failure: the error of a POST that could not read the session; None if there is none.
        query: the parameters of the URL. Of equal names, the last one counts.
        values: the fields of the form, or the parameters of the URL.
        link: the hidden fields of a sign-in that also links an account at a provider; never from the URL.
        address: the path of the page in other languages; empty if it is that of the request.
    """

    frame: Frame
    request: Request[Any, Any, Any]
    cookie: str | None
    browser: BrowserSession | None
    failure: ApplicationException | None
    query: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    link: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    @property
    def principal(self) -> Principal:
        """The person who is signed in.

        Raises:
            SignedOutError: the browser has no session; the response leads to the sign-in page, and from there back.
            ApplicationException: the session could not be read.
        """
        if self.failure is not None:
            raise self.failure
        if self.browser is None:
            raise SignedOutError
        return self.browser.principal

    @property
    def journey(self) -> Journey:
        """Where a sign-in leads; a log-out may lead to an application, too.

        Raises:
            ReturnToNotAllowedException: it leads to an application that is not known.
            ValidationException: the application sent no valid code challenge.
        """
        is_logout = self.request.url.path == LOGOUT
        return read_journey(self.values, LANGUAGES, self.frame.return_urls, needs_challenge=not is_logout)

    @property
    def language(self) -> str:
        """The language of the response."""
        return choose_language(
            asked=self.values.get("lang"),
            locale=self.browser.principal.user.locale if self.browser else None,
            accepted=self.request_context.language,
            default=self.frame.default_language,
        )

    @property
    def request_context(self) -> RequestContext:
        """The client, for the security history."""
        return msgspec.structs.replace(request_context_of(self.request.scope), via=VIA_PAGE)

    @property
    def device(self) -> Device:
        """The device of the person, named in the language of the response."""
        return device_of(self.request_context.user_agent, self.language)

    def carrier(self, *, keep: bool) -> BrowserCarrier:
        """Return how a new session reaches this browser, whose present session it replaces."""
        return BrowserCarrier(keep=keep, replaces=self.cookie)

    async def form(self, struct_type: type[S]) -> S:
        """Return the form that was sent.

        Raises:
            UnsupportedMediaTypeException: the body is not a form.
            MalformedRequestException: it cannot be decoded.
            ValidationException: some fields are invalid.
            ReturnToNotAllowedException: the journey leads to an application that is not known.
            RateLimitedException: the request is above a limit. What was sent is filled in again.
            RetryLaterException: the session or the limit could not be read. Likewise.
        """
        headers = self.request.headers
        self.values = parse_form(
            headers.get("content-type", ""),
            headers.get("content-encoding", "identity"),
            await self.request.body(),
            repeatable=repeatable_fields(struct_type),
        )
        self.link = {name: self.values[name] for name in (LINK_TOKEN, LINK_PROVIDER) if name in self.values}
        refusal = self.failure or self.request.scope["state"].get(LIMIT_REFUSAL)
        if refusal is not None:
            raise refusal
        _ = self.journey  # raises before anything has changed
        return read_form(self.values, struct_type, self.request.checks)  # type: ignore[attr-defined]

    async def read_fields(self) -> None:
        """Read a form of which only the journey counts.

        Raises:
            ApplicationException: as `form`.
        """
        await self.form(JourneyForm)

    def page(
        self,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        kind: PageKind = PageKind.SIGN_IN,
        refusal: ApplicationException | None = None,
        initial: Mapping[str, str] = NO_VALUES,
        **values: Any,
    ) -> Response[str]:
        """Return a page.

        Args:
            template: the package and the file, as in `sign_in/login.html`; the file without its ending names the page.
            status: of the response.
            kind: determines the headers.
            refusal: the error that the page shows; None if there is none.
            initial: what the fields of the form contain before the person changes them.
            values: what the template uses besides the values of every page.
        """
        self.request.scope["state"][PAGE_KIND] = kind
        language = self.language
        problem = None if refusal is None else Refusal.of(refusal, language)
        self.count(problem.error_code if problem else "shown")
        content = render(
            template,
            language=language,
            brand=self.frame.brand,
            base=self.frame.base,
            languages=[(tag, text, self._in_language(tag)) for tag, text in LANGUAGES.items()],
            page=template.partition("/")[2].removesuffix(".html").replace("_", "-"),
            pages=self.request.app.state.pages,
            problem=problem,
            field_errors=problem.field_errors if problem else {},
            user=self.browser.principal.user if self.browser else None,
            journey=self.journey.fields,
            link=self.link,
            done=self.query.get("done"),
            rules=self.frame.rules,
            providers=provider_links(self.frame, self.journey, prompt="select_account" if self.browser else None),
            values={**initial, **filled_in(self.request.method, self.values)},
            **values,
        )
        headers = {"Content-Language": language, **(problem.headers if problem else {})}
        return Response(content, status_code=status, media_type="text/html", headers=headers)

    def refused(
        self, refusal: ApplicationException, template: str, *, kind: PageKind = PageKind.SIGN_IN, **values: Any
    ) -> Response[str]:
        """Return the form again, with the error. What the person corrects is 422; other errors keep their status.

        Raises:
            ApplicationException: the error, if no form can correct it, or if the client prefers JSON. The edge responds
                with a page of its own, or with a problem document.
        """
        if not is_shown_in_form(refusal) or prefers_json(self.request.headers.get("accept", "")):
            self.count(refusal.error_code)
            raise refusal
        return self.page(template, status=status_of(refusal), kind=kind, refusal=refusal, **values)

    def redirect(self, path: str, *, cookie: str | None = None) -> Response[str]:
        """Return a redirect to a page of this server (303, RFC 9110 §15.4.4).

        Args:
            path: the path, with its query string.
            cookie: the value of `Set-Cookie`; None to leave the cookie as it is.
        """
        self.count("done")
        self.request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
        return see_other(self.frame.base + path, {} if cookie is None else {"Set-Cookie": cookie})

    async def signed_in(self, session: OpenedSession, *, keep: bool) -> Response[str]:
        """Return what follows a complete sign-in: the cookie, and a redirect to where the journey leads."""
        return self.redirect(self.journey.continue_to or ACCOUNT, cookie=self.session_cookie(session, keep=keep))

    def session_cookie(self, session: OpenedSession, *, keep: bool) -> str:
        """Return the value of `Set-Cookie` for a new session."""
        max_age = session.absolute_expires_in // timedelta(seconds=1)
        return self.frame.cookie.set(session.secret.raw, max_age if keep else None)

    def signed_out(self, path: str) -> Response[str]:
        """Return a redirect that deletes the cookie."""
        return self.redirect(path, cookie=self.frame.cookie.delete())

    def _in_language(self, tag: str) -> str:
        """Return the address of the page in another language. Where only a POST shows the page, a GET begins anew."""
        kept = {name: self.query[name] for name in KEPT_IN_LINKS if name in self.query}
        journey = msgspec.structs.replace(self.journey, lang=tag)
        address = self.address or page_address(self.request).partition("?")[0]
        return self.frame.base + journey.link(address, **kept)

    def count(self, outcome: str) -> None:
        """Count a form by its outcome: `done`, `shown`, or the code of an error."""
        if self.request.method == "POST":
            PAGE_POSTS.labels(self.request.scope["path_template"], outcome).inc()
