"""The addresses of the pages."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from auth_api_sdk import AuthClient

pytestmark = pytest.mark.engine_independent

RETURN_TO = "https://site.example/login/done?a=1&b=2"


def test_address_has_the_challenge_of_a_new_verifier() -> None:
    client = AuthClient("http://auth:8000/", public_url="https://auth.example.com/")
    (url, verifier), (_, other) = client.sign_in_url(RETURN_TO), client.sign_in_url(RETURN_TO)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "auth.example.com", "/account/login")
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert parse_qs(parts.query) == {"return_to": [RETURN_TO], "code_challenge": [challenge]}
    assert len(verifier) == 43
    assert verifier != other
    assert verifier not in url


def test_address_can_lead_to_a_provider_in_a_language() -> None:
    url, _ = AuthClient("https://auth.example.com").sign_in_url("x", provider="a/b", login_hint="ada@b.c", lang="de")
    parts = urlsplit(url)
    assert parts.path == "/api/auth/providers/a%2Fb/start"
    assert parse_qs(parts.query)["login_hint"] == ["ada@b.c"]
    assert parse_qs(parts.query)["lang"] == ["de"]


def test_address_of_the_log_out_leads_back() -> None:
    url = AuthClient("https://auth.example.com/auth").sign_out_url(RETURN_TO)
    assert url.startswith("https://auth.example.com/auth/account/logout?")
    assert parse_qs(urlsplit(url).query) == {"return_to": [RETURN_TO]}
