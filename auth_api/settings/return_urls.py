"""Settings of the applications that a sign-in may return to."""

from typing import Final

from auth_api.settings.reader import Environment, Reader
from auth_api.sign_in_flows.policy import SIGNED_IN, ReturnPolicy

_DEVELOPMENT_URLS: Final = ("http://localhost:3000/", "http://localhost:5173/")
"""Where the development servers of common frameworks listen."""


def read_return_urls(read: Reader, *, frontend_url: str) -> ReturnPolicy:
    """Read the addresses; production accepts http not even for its own machine."""
    own_urls = _DEVELOPMENT_URLS if read.environment is Environment.DEVELOPMENT else ()
    policy = read.build(ReturnPolicy, {"urls": (f"{frontend_url}{SIGNED_IN}", *own_urls)})
    is_http = any(url.startswith("http:") for url in policy.urls)
    if read.is_production and read.is_set("RETURN_URLS") and is_http:
        read.problem("RETURN_URLS", "must not have http URLs in production", '["https://app.your-company.com/"]')
    return policy
