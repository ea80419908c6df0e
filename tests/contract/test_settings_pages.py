"""Settings of the pages: whether they exist, how they look, where they lead, and what is rejected."""

import re
from pathlib import Path

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from auth_api.web.frame.logo import MAX_LOGO_BYTES
from auth_api.web.frame.policy import EXAMPLE_LINKS, BrandLinks

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth@localhost/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
}
APP = "https://app.your-company.com"


@pytest.mark.parametrize(
    ("environ", "home"),
    [
        ({}, None),
        ({"BRAND_LINKS": "{}"}, None),
        ({"BRAND_LINKS": f'{{"home": "{APP}/start?x=1#y"}}'}, f"{APP}/start?x=1#y"),
        ({"BRAND_LINKS": '{"home": "http://localhost:3000"}'}, "http://localhost:3000"),
        ({"FRONTEND_URL": APP}, APP),
        ({"FRONTEND_URL": APP, "BRAND_LINKS": '{"home": "https://your-company.com"}'}, "https://your-company.com"),
        ({"FRONTEND_URL": "http://localhost:8000"}, None),
    ],
)
def test_pages_lead_back_to_the_product(environ: dict[str, str], home: str | None) -> None:
    assert Settings.from_env({**DEVELOPMENT, **environ}).pages.links.home == home


KEYS = "must have no keys except home, support, privacy, terms, imprint"
OBJECT = "must be a JSON object of URLs"
URL = (
    "must have http or https URLs with a host, without user names and blanks, "
    "or mailto: with an e-mail address except for home"
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (APP, OBJECT),
        (f'["{APP}"]', OBJECT),
        ('{"home": 7}', OBJECT),
        ('{"home": null}', OBJECT),
        (f'{{"Home": "{APP}"}}', KEYS),
        (f'{{"home": "{APP}", "help": "{APP}"}}', KEYS),
        ('{"home": ""}', URL),
        ('{"home": "app.your-company.com"}', URL),
        ('{"home": "/start"}', URL),
        ('{"home": "//app.your-company.com"}', URL),
        ('{"home": "https://"}', URL),
        ('{"home": "javascript:alert(1)"}', URL),
        ('{"home": "data:text/html,hunter2"}', URL),
        ('{"home": "mailto:hunter2@your-company.com"}', URL),
        ('{"support": "mailto:hunter2"}', URL),
        ('{"support": "mailto:hunter2@your-company.com?subject=x"}', URL),
        ('{"support": "tel:hunter2"}', URL),
        ('{"home": "https://ada:hunter2@app.your-company.com"}', URL),
        ('{"home": "https://app.your company.com"}', URL),
        ('{"home": "https://app.your-company.com\\\\n"}', URL),
        ('{"home": "https:\\\\\\\\app.your-company.com"}', URL),
        ('{"home": "https://app.your-company.com:port"}', URL),
        ('{"home": "https://[::1"}', URL),
    ],
)
def test_invalid_links_are_refused_without_their_text(text: str, problem: str) -> None:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**DEVELOPMENT, "BRAND_LINKS": text})

    assert str(raised.value) == f"BRAND_LINKS {problem}. Example: BRAND_LINKS={EXAMPLE_LINKS}"


def test_production_requires_https_links() -> None:
    for name in ("home", "imprint"):
        with pytest.raises(InvalidSettingsError, match="BRAND_LINKS must have https URLs in production"):
            Settings.from_env({**PRODUCTION, "BRAND_LINKS": f'{{"{name}": "http://app.your-company.com"}}'})


def test_links_of_the_foot_are_pages_or_mail_addresses() -> None:
    text = '{"support": "mailto:support@your-company.com", "privacy": "https://your-company.com/privacy"}'
    links = Settings.from_env({**PRODUCTION, "BRAND_LINKS": text}).pages.links

    assert links == BrandLinks(support="mailto:support@your-company.com", privacy="https://your-company.com/privacy")


def refused(environ: dict[str, str]) -> str:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**DEVELOPMENT, **environ})
    return str(raised.value)


def test_pages_to_log_in_exist_by_default_where_links_in_mails_lead_here() -> None:
    for environ, is_hosted in [
        ({}, True),
        ({"FRONTEND_URL": "http://localhost:8000/"}, True),
        ({"FRONTEND_URL": APP}, False),
        ({"PUBLIC_URL": "https://your-company.com/auth"}, False),
        ({"FRONTEND_URL": APP, "HOSTED_PAGES": "true"}, True),
        ({"HOSTED_PAGES": "false"}, False),
    ]:
        assert Settings.from_env({**DEVELOPMENT, **environ}).pages.is_hosted is is_hosted, environ


def test_pages_to_log_in_need_a_host_of_their_own() -> None:
    found = refused({"PUBLIC_URL": "https://your-company.com/auth", "HOSTED_PAGES": "true"})

    problem = "HOSTED_PAGES cannot be true, because PUBLIC_URL has a path: pages need their own host"
    assert found == f"{problem}. Example: HOSTED_PAGES=false"


def test_product_has_one_name_on_pages_and_in_mails() -> None:
    sender = {"MAIL_FROM": "Acme <no-reply@example.com>"}
    for environ, name in [
        ({}, "auth_api"),
        ({"MAIL_FROM": "no-reply@example.com"}, "example.com"),
        (sender, "Acme"),
        ({**sender, "BRAND_NAME": "Acme Notes"}, "Acme Notes"),
        ({"BRAND_NAME": "x" * 60}, "x" * 60),
    ]:
        settings = Settings.from_env({**DEVELOPMENT, **environ})
        assert (settings.mail.product, settings.passkeys.product) == (name, name)

    assert refused({"BRAND_NAME": "x" * 61}).startswith("BRAND_NAME must have at most 60 characters")


def test_accent_that_cannot_be_read_is_refused_with_its_contrast() -> None:
    pages = Settings.from_env({**DEVELOPMENT, "BRAND_ACCENT": "#767676", "BRAND_ACCENT_DARK": "#FFB86C"}).pages
    assert (pages.accent, pages.night_accent) == ("#767676", "#ffb86c")

    assert refused({"BRAND_ACCENT": "#777777"}) == (
        "BRAND_ACCENT must be darker: its contrast with the background #ffffff is 4.47, and text needs 4.5. "
        "Example: BRAND_ACCENT=#1d4ed8"
    )
    assert refused({"BRAND_ACCENT_DARK": "#1d4ed8"}) == (
        "BRAND_ACCENT_DARK must be lighter: its contrast with the background #161b22 is 2.58, and text needs 4.5. "
        "Example: BRAND_ACCENT_DARK=#8fb1ff"
    )
    for text in ("1d4ed8", "#1d4ed", "#1d4ed8ff", "blue", "#1d4ed8;}"):
        assert "must be a color such as #1d4ed8, with six hexadecimal digits" in refused({"BRAND_ACCENT": text})


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


def test_logo_is_an_image_file_or_an_https_url(tmp_path: Path) -> None:
    file = tmp_path / "logo"
    for content, media_type in [
        (SVG, "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- Acme -->\n" + SVG, "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * (MAX_LOGO_BYTES - 8), "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ]:
        file.write_bytes(content)
        logo = Settings.from_env({**DEVELOPMENT, "BRAND_LOGO": str(file)}).pages.logo
        assert logo is not None
        assert (logo.content, logo.media_type, logo.url, logo.origin) == (content, media_type, None, "")

    logo = Settings.from_env({**DEVELOPMENT, "BRAND_LOGO": "https://cdn.example.com/a/logo.svg"}).pages.logo
    assert logo is not None
    assert (logo.content, logo.url, logo.origin) == (
        b"",
        "https://cdn.example.com/a/logo.svg",
        "https://cdn.example.com",
    )


def test_logo_that_is_not_an_image_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hunter2"
    for content, problem in [
        (b"", "must be an SVG, PNG or WebP image"),
        (b"GIF89a", "must be an SVG, PNG or WebP image"),
        (b"<html><svg/></html>", "must be an SVG, PNG or WebP image"),
        (b"<svg/>", "must be an SVG, PNG or WebP image"),
        (b"<?xml version='1.0' encoding='none'?>" + SVG, "must be an SVG, PNG or WebP image"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * MAX_LOGO_BYTES, "must be a file of at most 64 KiB"),
    ]:
        file.write_bytes(content)
        assert refused({"BRAND_LOGO": str(file)}) == f"BRAND_LOGO {problem}. Example: BRAND_LOGO=./logo.svg"

    for text in (
        str(tmp_path),
        str(tmp_path / "missing"),
        "http://example.com/logo.svg",
        "https://ada:hunter2@a.com/x",
    ):
        found = refused({"BRAND_LOGO": text})
        assert re.match("BRAND_LOGO must be an (https|http or https) URL", found)
        assert "hunter2" not in found


def test_default_language_is_one_of_the_pages() -> None:
    assert Settings.from_env({**DEVELOPMENT, "DEFAULT_LANGUAGE": "DE"}).pages.default_language == "de"
    assert refused({"DEFAULT_LANGUAGE": "fr"}).startswith("DEFAULT_LANGUAGE must be one of en, de")
