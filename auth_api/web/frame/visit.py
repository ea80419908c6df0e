"""One request of a person to a page, and the responses to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response

from auth_api.flows.linking.service import Linking
from auth_api.kit.errors import ApplicationException, RetryLaterException
from auth_api.kit.http.accept import prefers_json
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.sessions.opened import OpenedSession
from auth_api.sign_in_flows.return_urls import RETURN_TO
from auth_api.web.frame.error_links import code_for_link
from auth_api.web.frame.journey import ACCOUNT, IDENTITIES, LOGIN
from auth_api.web.frame.kept_values import KEPT_IN_LINKS, filled_in
from auth_api.web.frame.languages import LANGUAGES
from auth_api.web.frame.metrics import PAGE_POSTS
from auth_api.web.frame.page_request import LINK_TOKEN, PageRequest
from auth_api.web.frame.provider_links import provider_links
from auth_api.web.frame.redirects import page_address, see_other
from auth_api.web.frame.refusals import Refusal, is_shown_in_form, status_of
from auth_api.web.frame.renderer import render

DONE: Final = "done"

NO_VALUES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True)
class Visit(PageRequest):
    """One request to a page, and the responses to it."""

    def page(  # noqa: PLR0913 - the parts of a response
        self,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        kind: PageKind = PageKind.SIGN_IN,
        refusal: ApplicationException | None = None,
        initial: Mapping[str, str] = NO_VALUES,
        outcome: str = "shown",
        **values: Any,
    ) -> Response[str]:
        """Return a page.

        Args:
            template: the package and the file, as in `sign_in/login.html`; the file without its ending names the page.
            status: of the response.
            kind: determines the headers.
            refusal: the error that the page shows; None if there is none.
            initial: what the fields of the form contain before the person changes them.
            outcome: what is counted if the page shows no error.
            values: what the template uses besides the values of every page.
        """
        self.request.scope["state"][PAGE_KIND] = kind
        language = self.language
        problem = None if refusal is None else Refusal.of(refusal, language)
        self.count(problem.error_code if problem else outcome)
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
        self.count(DONE)
        self.request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
        return see_other(self.frame.base + path, {} if cookie is None else {"Set-Cookie": cookie})

    async def signed_in(self, session: OpenedSession, *, keep: bool) -> Response[str]:
        """Return what follows a complete sign-in: the cookie, and the way to where the journey leads."""
        await self.complete_link(session)
        claims, cookie = session.claims, self.session_cookie(session, keep=keep)
        return await self._go_on(claims.user_id, claims.session_id, cookie)

    async def complete_link(self, session: OpenedSession) -> None:
        """Link the account at a provider with which the sign-in began. If that is refused, a page says why."""
        token, self.link = self.link.get(LINK_TOKEN), {}
        if token is None:
            return
        try:
            browser = await self.frame.browser_sessions.find(session.secret.raw)
            if browser is not None:
                request_context = self.request_context.with_actor(browser.principal.actor)
                linking = self.request.app.state.services.of(Linking)
                await linking.link_by_token(token, browser.principal, request_context)
        except ApplicationException as refusal:
            self.values = {**self.values, "continue": f"{IDENTITIES}?error={code_for_link(refusal)}", RETURN_TO: ""}

    async def go_on(self) -> Response[str]:
        """Return the way to where the journey leads, for a person who was signed in before.

        It is that of a new login if an application needs more proof than the session has.

        Raises:
            SignedOutError: the browser has no session.
        """
        if self.journey.return_to is not None and not await self.frame.hand_off.accepts(self.principal):
            return self.redirect(self.journey.link(LOGIN, again="1"))
        return await self._go_on(self.principal.id, self.principal.session_id, None)

    async def _go_on(self, user_id: int, session_id: UUID, cookie: str | None) -> Response[str]:
        journey = self.journey
        if journey.return_to is None or journey.code_challenge is None:
            return self.redirect(journey.continue_to or ACCOUNT, cookie=cookie)
        try:
            target = await self.frame.hand_off.begin(
                user_id, session_id, return_to=journey.return_to, challenge=journey.code_challenge
            )
        except RetryLaterException:
            if cookie is None:
                raise
            return self.redirect(journey.link(LOGIN), cookie=cookie)  # the session exists: only the way on is missing
        return self.leave(target, cookie=cookie)

    def leave(self, target: str, *, cookie: str | None = None) -> Response[str]:
        """Return a page that leads to an application at once: a redirect after a form would be blocked by the policy.

        Args:
            target: the address of the application.
            cookie: the value of `Set-Cookie`; None to leave the cookie as it is.
        """
        response = self.page("frame/hop.html", outcome=DONE, target=target)
        if cookie is not None:
            response.headers["Set-Cookie"] = cookie
        return response

    def session_cookie(self, session: OpenedSession, *, keep: bool) -> str:
        """Return the value of `Set-Cookie` for a new session."""
        max_age = session.absolute_expires_in // timedelta(seconds=1)
        return self.frame.cookie.set(session.secret.raw, max_age if keep else None)

    def signed_out(self, path: str, *, return_to: str | None = None) -> Response[str]:
        """Return the way to an application, or else a redirect to a path of this server, which deletes the cookie."""
        cookie = self.frame.cookie.delete()
        return self.redirect(path, cookie=cookie) if return_to is None else self.leave(return_to, cookie=cookie)

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
