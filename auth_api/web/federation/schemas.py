"""Forms of the pages of sign-ins by a provider."""

from typing import Annotated

import msgspec

from auth_api.users.profile import DisplayName
from auth_api.users.schemas import RegistrationEmailField, UsernameField


class SignUpForm(msgspec.Struct, frozen=True, kw_only=True):
    """Create the account of a sign-in by a provider. The page suggests what the provider says about the person."""

    signup_token: Annotated[str, msgspec.Meta(max_length=100)]
    username: UsernameField
    email: RegistrationEmailField
    display_name: DisplayName | None = None
    keep: bool = False


class ProviderChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The provider of the account to link, by its id."""

    provider: Annotated[str, msgspec.Meta(max_length=30)]


class IdentityChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The linked account to unlink, by its number."""

    id: int
