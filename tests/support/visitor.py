"""A person with a browser without script: follows links, fills in forms, keeps cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.support.actors import PASSWORD

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
"""Of empty forms, too, for which the client would send no type."""

COOKIE = "auth_session_80"
"""The name of the session's cookie of an application in tests."""

MAX_REDIRECTS = 5


@dataclass
class Form:
    """A form of a page: where it leads, and what it would send if nothing is typed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects what tests compare."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.main: dict[str, str | None] = {}
        self.text: list[str] = []
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.by_id: dict[str, list[str]] = {}
        self._open_ids: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append(Form(values.get("action") or ""))
        elif tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        elif tag == "main":
            self.main = values
        elif tag == "button" and self.forms and values.get("name"):
            self.forms[-1].buttons.append((values["name"] or "", values.get("value") or ""))
        elif tag in {"input", "textarea", "select"} and (name := values.get("name")):
            self._add_input(name, values)
        if tag not in {"input", "br", "hr", "meta", "link", "img"}:
            self._open_ids.append(values.get("id"))

    def handle_endtag(self, tag: str) -> None:
        if self._open_ids and tag not in {"input", "br", "hr", "meta", "link", "img"}:
            self._open_ids.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        for name in self._open_ids:
            if name is not None:
                self.by_id.setdefault(name, []).append(data)

    def _add_input(self, name: str, values: dict[str, str | None]) -> None:
        self.inputs[name] = values
        is_unchecked = values.get("type") in {"checkbox", "radio"} and "checked" not in values
        if self.forms and not is_unchecked:
            self.forms[-1].fields[name] = values.get("value") or ""


@dataclass
class Page:
    """A response, with the parts that tests compare."""

    response: httpx.Response

    def __post_init__(self) -> None:
        self.reader = _Reader()
        if self.response.headers.get("content-type", "").startswith("text/html"):
            self.reader.feed(self.response.text)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def name(self) -> str:
        """The name of the page."""
        return self.reader.main.get("data-page") or ""

    @property
    def error(self) -> str:
        """The code of the error that the page shows, which the header states, too; empty if there is none."""
        shown = self.reader.main.get("data-error") or ""
        assert self.response.headers.get("X-Error-Code", "") == shown
        return shown

    @property
    def outcome(self) -> tuple[int, str, str]:
        """The status, the name of the page and the error."""
        return self.status, self.name, self.error

    @property
    def text(self) -> str:
        """The visible text, with single spaces."""
        return " ".join(" ".join(self.reader.text).split())

    @property
    def path(self) -> str:
        """The path and the query string at which the page is."""
        return self.response.request.url.raw_path.decode()

    @property
    def location(self) -> str:
        """Where a redirect leads; empty for a page."""
        return str(self.response.headers.get("Location", ""))

    def field_error(self, name: str) -> str:
        """The error at a field, which the field refers to by `aria-describedby`; empty if there is none."""
        described_by = (self.reader.inputs[name].get("aria-describedby") or "").split()
        texts = [" ".join(self.reader.by_id.get(each, [])) for each in described_by if each.endswith("-error")]
        return " ".join(" ".join(texts).split())

    def form(self, action: str) -> Form:
        """Return the form that leads to a path, whatever its query string."""
        found = [form for form in self.reader.forms if urlsplit(form.action).path == action]
        assert found, f"{self.path} has no form to {action}, but: {[form.action for form in self.reader.forms]}"
        return found[0]


@dataclass
class Visitor:
    """A person with a browser. The client keeps the cookies."""

    client: httpx.AsyncClient
    username: str = "ada"
    email: str = "ada@example.com"
    password: str = PASSWORD
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **parameters: str) -> Page:
        """Open a page, without following a redirect."""
        headers = {**SAME_ORIGIN, **self.headers}
        page = Page(await self.client.get(path, params=parameters or None, headers=headers))
        assert page.status != httpx.codes.INTERNAL_SERVER_ERROR
        return page

    async def post(self, path: str, fields: Mapping[str, str | list[str]], **arguments: Any) -> Page:
        """Send a form, without following a redirect. A list is sent as one field per value."""
        headers = {**SAME_ORIGIN, **FORM_TYPE, **self.headers, **arguments.pop("headers", {})}
        return Page(await self.client.post(path, data=fields, headers=headers, **arguments))

    async def submit(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in the form of a page and send it, without following a redirect."""
        form = page.form(action)
        address = urljoin(str(page.response.request.url), form.action)
        return await self.post(address, {**form.fields, **typed})

    async def follow(self, page: Page) -> Page:
        """Follow the redirects of a response."""
        for _ in range(MAX_REDIRECTS):
            if not page.location:
                return page
            page = await self.get(page.location)
        message = "too many redirects"
        raise AssertionError(message)

    async def log_in(self, target: str = "", **typed: str) -> Page:
        """Sign in on the page, and return the response to the form."""
        page = await self.get("/account/login", **({"continue": target} if target else {}))
        fields = {"identifier": self.username, "password": self.password, **typed}
        return await self.submit(page, "/account/login", **fields)
