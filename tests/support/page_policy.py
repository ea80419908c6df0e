"""The content security policy that all pages have."""

import re
from typing import Final

import httpx

BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
"""The header `Accept` of a browser that opens a URL."""

_POLICY: Final = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}


def assert_page_policy(response: httpx.Response, base: str = "") -> None:
    """Assert that a page may load only files of this server, loads no others, and may be part of no other page."""
    (policy,) = response.headers.get_list("content-security-policy")
    assert {directive.strip() for directive in policy.split(";")} == _POLICY
    assert response.headers.get_list("x-frame-options") == ["DENY"]
    assert re.findall(r"<script\b[^>]*>[^<]|<style|\sstyle=|\son\w+=", response.text) == []
    loaded = re.findall(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]*)"', response.text)
    own_files = [f"{base}/assets/{name}" for name in ("pages.css", "pages.js")]
    assert sorted(url for url in loaded if not url.startswith("data:image/")) == own_files
