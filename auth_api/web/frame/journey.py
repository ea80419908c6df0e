"""Where a sign-in leads, and in which language: parameters that travel through the forms on the way."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlencode

import msgspec

from auth_api.sign_in_flows.return_urls import CODE_CHALLENGE, RETURN_TO, ReturnUrls, read_challenge

ACCOUNT: Final = "/account"

LOGIN: Final = "/account/login"

LOGOUT: Final = "/account/logout"

IDENTITIES: Final = "/account/identities"

MAX_CONTINUE_BYTES: Final = 2048

_TARGET: Final = re.compile(r"/account(?:[/?].*)?", re.ASCII)
_UNSAFE: Final = re.compile(r"\\|//|/\.|#|[\x00-\x20\x7f-\x9f]")


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a sign-in.

    Attributes:
        continue_to: the path of this server that the sign-in leads to, with its query string; None for the account.
        lang: the language that the person has chosen for the way; None if they have not.
        return_to: the address of the application that the sign-in leads to; None if it stays on this server.
        code_challenge: what the application later proves that it began the sign-in with; None without `return_to`.
    """

    continue_to: str | None = None
    lang: str | None = None
    return_to: str | None = None
    code_challenge: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of the forms on the way, which are also the parameters of links."""
        fields = {
            "continue": self.continue_to,
            "lang": self.lang,
            RETURN_TO: self.return_to,
            CODE_CHALLENGE: self.code_challenge,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def link(self, path: str, **parameters: str) -> str:
        """Return a path with the parameters of the journey and further ones."""
        query = urlencode({**self.fields, **parameters})
        return f"{path}?{query}" if query else path


def read_journey(
    fields: Mapping[str, str], languages: Mapping[str, str], return_urls: ReturnUrls, *, needs_challenge: bool = True
) -> Journey:
    """Return the journey of a request. Pages and languages that are not acceptable are ignored.

    Args:
        fields: the query parameters, or the fields of the form.
        languages: the known languages.
        return_urls: the applications that a sign-in may lead to. An application takes precedence over a page.
        needs_challenge: whether the application gets a code, which only it must be able to use.

    Raises:
        ReturnToNotAllowedException: `return_to` is not one of the known applications.
        ValidationException: `code_challenge` is missing or invalid.
    """
    target, lang, return_to = fields.get("continue"), fields.get("lang"), fields.get(RETURN_TO)
    lang = lang if lang in languages else None
    if return_to:
        return_urls.check(return_to)
        challenge = read_challenge(fields) if needs_challenge else None
        return Journey(lang=lang, return_to=return_to, code_challenge=challenge)
    return Journey(continue_to=target if target and is_safe_target(target) else None, lang=lang)


def is_safe_target(target: str) -> bool:
    r"""Return whether a redirect to this address stays on the pages of this server (CWE-601).

    Browsers read `\\` as `/`, drop tabs and line breaks, and resolve `..`, which also may be percent-encoded.
    """
    path = target.partition("?")[0]
    return (
        len(target.encode()) <= MAX_CONTINUE_BYTES
        and target.isascii()
        and _TARGET.fullmatch(target) is not None
        and not _UNSAFE.search(path)
        and not _UNSAFE.search(unquote(path))
        and _TARGET.fullmatch(unquote(path)) is not None
        and target.isprintable()
        and not {" ", "\\", "#"} & set(target)
    )
