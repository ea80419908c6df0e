"""A request of a person to a page: who they are, which language they read, and what they sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.forms import parse_form, read_form, repeatable_fields
from auth_api.kit.http.scope_keys import LIMIT_REFUSAL, request_context_of
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier, BrowserSession
from auth_api.sessions.principal import Principal
from auth_api.web.frame.devices import Device, device_of
from auth_api.web.frame.frame import Frame
from auth_api.web.frame.journey import LOGOUT, Journey, read_journey
from auth_api.web.frame.languages import LANGUAGES, choose_language
from auth_api.web.frame.redirects import SignedOutError

S = TypeVar("S", bound=msgspec.Struct)

VIA_PAGE: Final = "page"

LINK_TOKEN: Final = "link_token"  # noqa: S105 - the name of a field
LINK_PROVIDER: Final = "link_provider"


class JourneyForm(msgspec.Struct, frozen=True):
    """A form with nothing but the journey."""


@dataclass(slots=True, kw_only=True)
class PageRequest:
    """What a request to a page says.

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
    def optional_principal(self) -> Principal | None:
        """The caller; None if the browser has no session."""
        return None if self.browser is None else self.browser.principal

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
