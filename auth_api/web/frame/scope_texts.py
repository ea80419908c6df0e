"""What each scope allows an application, to the person who is asked for it."""

from collections.abc import Mapping
from typing import Final

from auth_api.web.frame.languages import _, translations

_SCOPE_TEXTS: Final = {
    "openid": _("Recognize you when you come back."),
    "profile": _("See your username, your name and your language."),
    "email": _("See your e-mail address."),
    "roles": _("See your roles."),
    "offline_access": _("Keep this access also while you are not signed in."),
}


def scope_text(name: str, descriptions: Mapping[str, str], language: str) -> str:
    """Return one sentence about a scope.

    Args:
        name: of the scope.
        descriptions: what operators say about the scopes of their resources, by name.
        language: of the page. Texts of operators have only one.
    """
    text = _SCOPE_TEXTS.get(name)
    return translations(language).gettext(text) if text else descriptions.get(name) or name
