"""What a page keeps of the request: in the fields of its form, and in its links to other languages."""

from collections.abc import Mapping
from typing import Final

LOGIN_HINT: Final = "login_hint"
MAX_HINT_CHARACTERS: Final = 254

USER_CODE: Final = "user_code"
"""The field with the code that a device shows."""

KEPT_IN_LINKS: Final = ("acr", "again", "cursor", "error", "id", "limit", LOGIN_HINT, "request", USER_CODE)
"""The parameters besides those of the journey that a page has in another language, too."""

_FILLED_IN_AGAIN: Final = frozenset(
    {
        "display_name",
        "email",
        "expires_in_days",
        "identifier",
        "keep",
        "locale",
        "method",
        "name",
        "new_email",
        "scopes",
        USER_CODE,
        "username",
    }
)
"""The fields that a refused form keeps. It never keeps a password, a code of a factor or a credential."""


def filled_in(method: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that a form has at first: what was sent before, or the name that the application suggests.

    A link fills in nothing else, such as a new e-mail address on the page of an account.

    Args:
        method: of the request.
        values: the fields of the form that was sent, or the parameters of the link.
    """
    if method == "GET":
        hint = values.get(LOGIN_HINT)
        return {"identifier": hint[:MAX_HINT_CHARACTERS]} if hint else {}
    return {name: value for name, value in values.items() if name in _FILLED_IN_AGAIN}
