"""Settings of sign-ins that lead through another site."""

import re
from typing import Annotated, Final

import msgspec

from auth_api.kit.http.origins import MAX_PORT
from auth_api.kit.setting import Setting

SIGNED_IN: Final = "/account/signed-in"
"""The page of this server that stands for an application, below `FRONTEND_URL`."""

MAX_RETURN_URL_CHARACTERS: Final = 500

_RETURN_URL: Final = re.compile(
    r"""
    (?:
        (?: https:// (?: \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9._-]+ ) | http:// (?: localhost | 127\.0\.0\.1 | \[::1\] ) )
        (?: : (?P<port> [0-9]{1,5} ) )? (?= [/?] | $ )
        |
        [a-z][a-z0-9+-]* (?: \. [a-z0-9+-]+ )+ : (?= / )  # of an app on a device (RFC 8252 §7.1)
    )
    [A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*
    """,
    re.VERBOSE,
)


def parse_return_url(text: str) -> str:
    """Return an address of an application to which a result can be appended; raise a ValueError for any other text."""
    match = _RETURN_URL.fullmatch(text)
    if match is None or len(text) > MAX_RETURN_URL_CHARACTERS or int(match["port"] or 0) > MAX_PORT:
        message = (
            "must list https URLs, http URLs of localhost, 127.0.0.1 or [::1], or URLs of a private scheme with a dot, "
            f"of at most {MAX_RETURN_URL_CHARACTERS} characters and without a fragment, a user and blanks"
        )
        raise ValueError(message)
    return text


class ReturnPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which applications a sign-in on this server may return to."""

    urls: Annotated[
        tuple[str, ...],
        Setting(
            "RETURN_URLS",
            "Addresses of your applications that a login may [lead back to](pages.md#log-in-to-your-application). "
            "`return_to` must be one of them, character by character.",
            parse=parse_return_url,
            accepts="list of https URLs, of http URLs of the own machine except in production, and of URLs with a "
            "private scheme such as `com.example.app:/signed-in`",
            example='["https://app.your-company.com/signed-in"]',
            default_text="`$FRONTEND_URL/account/signed-in`; in development also `http://localhost:3000/` and "
            "`http://localhost:5173/`",
        ),
    ] = ()
