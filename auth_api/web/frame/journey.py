"""Where a sign-in leads, and in which language: parameters that travel through the forms on the way."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlencode

import msgspec

ACCOUNT: Final = "/account"

LOGIN: Final = "/account/login"

MAX_CONTINUE_BYTES: Final = 2048

_TARGET: Final = re.compile(r"/account(?:[/?].*)?", re.ASCII)
_UNSAFE: Final = re.compile(r"\\|//|/\.|#|[\x00-\x20\x7f-\x9f]")


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a sign-in.

    Attributes:
        continue_to: the path of this server that the sign-in leads to, with its query string; None for the account.
        lang: the language that the person has chosen for the way; None if they have not.
    """

    continue_to: str | None = None
    lang: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of the forms on the way, which are also the parameters of links."""
        fields = {"continue": self.continue_to, "lang": self.lang}
        return {name: value for name, value in fields.items() if value is not None}

    def link(self, path: str, **parameters: str) -> str:
        """Return a path with the parameters of the journey and further ones."""
        query = urlencode({**self.fields, **parameters})
        return f"{path}?{query}" if query else path


def read_journey(fields: Mapping[str, str], languages: Mapping[str, str]) -> Journey:
    """Return the journey of a request. Parameters that are not acceptable are ignored.

    Args:
        fields: the query parameters, or the fields of the form.
        languages: the known languages.
    """
    target, lang = fields.get("continue"), fields.get("lang")
    return Journey(
        continue_to=target if target and is_safe_target(target) else None,
        lang=lang if lang in languages else None,
    )


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
