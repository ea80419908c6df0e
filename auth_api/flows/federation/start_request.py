"""Read what a sign-in by a provider begins with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.kit.errors import CrossSiteRequestException, FieldError, ValidationException
from auth_api.kit.http.query_values import known_parameters
from auth_api.kit.http.same_origin import CROSS_SITE
from auth_api.kit.metrics import CROSS_SITE_REFUSALS
from auth_api.sign_in_flows.return_urls import (
    CODE_CHALLENGE,
    CODE_CHALLENGE_METHOD,
    RETURN_TO,
    ReturnUrls,
    read_challenge,
)

MAX_HINT_CHARACTERS: Final = 254
MAX_CONTINUE_CHARACTERS: Final = 2048

PROMPTS: Final = ("login", "select_account")

_CONTINUE: Final = "continue"
_TICKET: Final = "ticket"
_HINT: Final = "login_hint"
_PROMPT: Final = "prompt"
_NAMES: Final = frozenset(
    {RETURN_TO, CODE_CHALLENGE, CODE_CHALLENGE_METHOD, _CONTINUE, _TICKET, _HINT, _PROMPT},
)


class StartRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in by a provider begins with.

    Attributes:
        ticket: begins to link an identity; then everything else is None.
        is_of_page: whether the pages of this server began it.
        continue_path: the page that it leads to; the page that redirects there checks it.
        return_to: the application that it leads to.
        challenge: the application's code challenge.
        login_hint: the account that the person probably wants to use.
        prompt: what the provider asks people who are signed in there.
    """

    ticket: str | None = None
    is_of_page: bool = False
    continue_path: str | None = None
    return_to: str | None = None
    challenge: str | None = None
    login_hint: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequests:
    """Reads the requests.

    Attributes:
        return_urls: the applications that a sign-in may lead to.
        has_pages: whether this server has pages on which people sign in.
    """

    return_urls: ReturnUrls
    has_pages: bool

    def read(self, query_string: bytes, headers: Iterable[tuple[bytes, bytes]]) -> StartRequest:
        """Return what a request asks for.

        Args:
            query_string: of the request.
            headers: of the request, with names in lower case.

        Raises:
            ValidationException: a parameter is missing, repeated or invalid, or two of them exclude each other.
            ReturnToNotAllowedException: `return_to` is not one of the known applications.
            CrossSiteRequestException: another website began a sign-in on the pages of this server.
        """
        fields = known_parameters(query_string, _NAMES)
        if _TICKET in fields:
            if len(fields) > 1:
                raise ValidationException([FieldError(_TICKET, "conflict", "Must be the only parameter.")])
            return StartRequest(ticket=fields[_TICKET])
        is_of_page = self.has_pages and _CONTINUE in fields
        if is_of_page:
            _check_origin(headers, has_application=RETURN_TO in fields)
        elif RETURN_TO not in fields:
            raise ValidationException([FieldError(RETURN_TO, "missing", "This field is required.")])
        return_to = self.return_urls.check(fields[RETURN_TO]) if RETURN_TO in fields else None
        return StartRequest(
            is_of_page=is_of_page,
            continue_path=_continue_path(fields[_CONTINUE]) if is_of_page else None,
            return_to=return_to,
            challenge=read_challenge(fields) if return_to is not None else None,
            login_hint=_login_hint(fields),
            prompt=_prompt(fields),
        )


def _check_origin(headers: Iterable[tuple[bytes, bytes]], *, has_application: bool) -> None:
    """Raise an error unless a page of this server led here. Browsers without the header are accepted."""
    if {value for name, value in headers if name == b"sec-fetch-site"} <= {b"same-origin"}:
        return
    if has_application:
        raise ValidationException([FieldError(_CONTINUE, "conflict", "Must be absent beside `return_to`.")])
    CROSS_SITE_REFUSALS.labels("page", CROSS_SITE).inc()
    raise CrossSiteRequestException(CROSS_SITE)


def _continue_path(text: str) -> str | None:
    return text if len(text) <= MAX_CONTINUE_CHARACTERS and text.isascii() and text.isprintable() else None


def _login_hint(fields: Mapping[str, str]) -> str | None:
    if len(hint := fields.get(_HINT, "")) > MAX_HINT_CHARACTERS:
        raise ValidationException(
            [FieldError(_HINT, "too_long", f"Must have at most {MAX_HINT_CHARACTERS} characters.")]
        )
    return hint or None


def _prompt(fields: Mapping[str, str]) -> str | None:
    prompt = fields.get(_PROMPT)
    if prompt is not None and prompt not in PROMPTS:
        choices = " or ".join(f"`{choice}`" for choice in PROMPTS)
        raise ValidationException([FieldError(_PROMPT, "type", f"Must be {choices}.")])
    return prompt
