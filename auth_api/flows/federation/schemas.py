"""Request and response bodies of sign-ins by a provider, and of the exchange of a code."""

from typing import Annotated, Any, Final

import msgspec

EXAMPLE_PROVIDERS: Final[dict[str, Any]] = {
    "items": [
        {
            "id": "google",
            "name": "Google",
            "start_url": "https://auth.example.com/api/auth/providers/google/start",
            "sign_up": True,
        }
    ],
    "next_cursor": None,
}
EXAMPLE_EXCHANGE: Final[dict[str, Any]] = {
    "code": "fc_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ",
    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
}

CodeText = Annotated[
    str,
    msgspec.Meta(
        max_length=255,
        description="The code from the address to which the sign-in returned. It works once, within 60 seconds.",
        examples=[EXAMPLE_EXCHANGE["code"]],
        extra={"any_text": True},
    ),
]

CodeVerifierText = Annotated[
    str,
    msgspec.Meta(
        min_length=43,
        max_length=128,
        description="The random text whose SHA-256 digest, in base64url, was the `code_challenge` (RFC 7636 §4.1).",
        examples=[EXAMPLE_EXCHANGE["code_verifier"]],
        extra={"any_text": True},
    ),
]


class ProviderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A provider with which people can log in."""

    id: str
    name: Annotated[str, msgspec.Meta(description="For the text of a button.")]
    start_url: Annotated[
        str,
        msgspec.Meta(
            description="Where to send the browser, with the parameters `return_to` and `code_challenge` added. "
            "Nothing else may request it."
        ),
    ]
    sign_up: Annotated[bool, msgspec.Meta(description="Whether people without an account can create one with it.")]


class ProviderList(msgspec.Struct, frozen=True, kw_only=True):
    """All providers, in the order in which to show them."""

    items: list[ProviderSummary]
    next_cursor: None = None


class ExchangeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exchange the code of a sign-in for tokens."""

    code: CodeText
    code_verifier: CodeVerifierText
