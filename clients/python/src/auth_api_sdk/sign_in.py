"""Addresses of the pages of auth_api to which an application sends browsers."""

import base64
import hashlib
import secrets
from urllib.parse import quote, urlencode


def sign_in_url(
    pages_url: str, return_to: str, *, provider: str | None, login_hint: str | None, lang: str | None
) -> tuple[str, str]:
    """Return the address at which a person logs in, and the secret without which the code is useless (RFC 7636)."""
    code_verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(code_verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    path = "/account/login" if provider is None else f"/api/auth/providers/{quote(provider, safe='')}/start"
    optional = {"login_hint": login_hint, "lang": lang}
    query = {"return_to": return_to, "code_challenge": challenge}
    query |= {name: value for name, value in optional.items() if value is not None}
    return f"{pages_url}{path}?{urlencode(query)}", code_verifier


def sign_out_url(pages_url: str, return_to: str) -> str:
    """Return the address at which a person ends the session of the pages."""
    return f"{pages_url}/account/logout?{urlencode({'return_to': return_to})}"
