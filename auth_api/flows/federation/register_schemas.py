"""The request to create the account of a sign-in by a provider."""

from typing import Annotated, Any

import msgspec

from auth_api.flows.federation.errors import EXAMPLE_SIGN_UP_TOKEN
from auth_api.users.profile import DisplayName
from auth_api.users.schemas import RegistrationEmailField, UsernameField

EXAMPLE_PROVIDER_REGISTRATION: dict[str, Any] = {"signup_token": EXAMPLE_SIGN_UP_TOKEN, "username": "ada"}

SignUpTokenField = Annotated[
    str,
    msgspec.Meta(
        max_length=255,
        description="The `signup_token` of the error `SIGN_UP_REQUIRED`.",
        examples=[EXAMPLE_SIGN_UP_TOKEN],
        extra={"any_text": True},
    ),
]


class ProviderRegistration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create an account. Without `email`, it gets the address that the provider states."""

    signup_token: SignUpTokenField
    username: UsernameField
    email: RegistrationEmailField | None = None
    display_name: DisplayName | None = None
