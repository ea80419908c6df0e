"""Forms of the pages of the links in mails."""

import re
from typing import Annotated, Final

import msgspec

from auth_api.kit.crypto.tokens import INVITATION_TOKEN, ONE_TIME_TOKEN
from auth_api.users.schemas import ChangedPasswordField, PasswordField, UsernameField

MAX_PASTED_CHARACTERS: Final = 2048

_TOKEN: Final = re.compile(
    "|".join(
        rf"{kind.prefix}[A-Za-z0-9_-]{{{-(-kind.random_bytes * 4 // 3)}}}"
        for kind in (ONE_TIME_TOKEN, INVITATION_TOKEN)
    )
)
"""A token is in base64url without padding."""

PastedField = Annotated[str, msgspec.Meta(max_length=MAX_PASTED_CHARACTERS, extra={"any_text": True})]


def token_in(pasted: str) -> str:
    """Return the token in a text that contains it, such as the link from the e-mail; empty if there is none."""
    found = _TOKEN.search(pasted)
    return found[0] if found else ""


class LinkForm(msgspec.Struct, frozen=True, kw_only=True):
    """The code from an e-mail, or the link that contains it."""

    pasted: PastedField = msgspec.field(name="token")

    @property
    def token(self) -> str:
        """The token."""
        return token_in(self.pasted)


class NewPasswordForm(LinkForm, frozen=True, kw_only=True):
    """A new password for the account of the token."""

    new_password: ChangedPasswordField


class AcceptanceForm(LinkForm, frozen=True, kw_only=True):
    """Accept an invitation, with the username and password of a new account unless the person is logged in."""

    username: UsernameField | None = None
    password: ChangedPasswordField | None = None
    keep: bool = False


class VerifyForm(LinkForm, frozen=True, kw_only=True):
    """Verify the e-mail address, with the password of the account or explicitly without one."""

    password: PasswordField | None = None
    username: UsernameField | None = None
    without: bool = False
