"""What authorization requests lead to."""

from typing import Final

from auth_api.kit.prometheus import counter

CODE: Final = "code"

AUTHORIZATIONS: Final = counter(
    "oauth_authorizations",
    "Answers to authorization requests, by outcome: `code`, or the error that the application got.",
    ["outcome"],
)
