"""What is left to do after a provider has proved who a user is."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from auth_api.kit.errors import AuthException

TOKEN_SECONDS: Final = 900
"""Time for which a sign-up token and a link token work."""

EXAMPLE_SIGN_UP_TOKEN: Final = "fs_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"  # noqa: S105 - an example
EXAMPLE_LINK_TOKEN: Final = "fl_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"  # noqa: S105 - an example


class SuggestedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says about a user without an account. Nothing of it is reserved."""

    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


EXAMPLE_SUGGESTED: Final = SuggestedProfile(
    username="ada", email="ada@example.com", email_verified=True, name="Ada Example"
)


class SignUpRequiredException(AuthException):
    """The provider has proved who the user is, and no account belongs to it yet.

    `signup_token` creates the account within `expires_in` seconds, and `suggested` is what the provider says about the
    user: `username`, `email`, `email_verified` and `name`.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "SIGN_UP_REQUIRED"
    detail = "This sign-in does not belong to an account yet."
    remedy = (
        "Show a form with what is in `suggested`, and send it with the `signup_token` to "
        "`POST /api/auth/providers/register`."
    )

    def __init__(
        self,
        signup_token: str = EXAMPLE_SIGN_UP_TOKEN,
        provider: str = "google",
        suggested: SuggestedProfile = EXAMPLE_SUGGESTED,
    ) -> None:
        super().__init__()
        self.signup_token = signup_token
        self.provider = provider
        self.suggested = suggested

    @property
    def members(self) -> Mapping[str, Any]:
        """How to create the account."""
        return {
            "signup_token": self.signup_token,
            "expires_in": TOKEN_SECONDS,
            "provider": self.provider,
            "suggested": msgspec.structs.asdict(self.suggested),
        }


class IdentityLinkRequiredException(AuthException):
    """The provider has proved an e-mail address that an account has, and the account is not linked to the provider.

    `link_token` links it within `expires_in` seconds, after the user has logged in to the account as usual.
    """

    status = HTTPStatus.CONFLICT
    error_code = "IDENTITY_LINK_REQUIRED"
    detail = "An account with this e-mail address exists already."
    remedy = "Let the user log in to it as usual, then send the `link_token` to `POST /api/user/identities`."

    def __init__(self, link_token: str = EXAMPLE_LINK_TOKEN, provider: str = "google") -> None:
        super().__init__()
        self.link_token = link_token
        self.provider = provider

    @property
    def members(self) -> Mapping[str, Any]:
        """How to link the identity."""
        return {"link_token": self.link_token, "expires_in": TOKEN_SECONDS, "provider": self.provider}
