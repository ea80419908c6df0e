"""`doctor` says whether people can log in on pages of this server, why not, and what endangers the pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth_api.doctor.pages import check_pages, check_templates
from auth_api.settings import Settings
from auth_api.web.frame import languages, renderer

pytestmark = pytest.mark.engine_independent

REASON = "This server has no pages to log in: "


def found(**environ: str) -> dict[str, tuple[str, str]]:
    settings = Settings.from_env({"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2", **environ})
    return {finding.check: (finding.verdict, finding.message) for finding in check_pages(settings)}


@pytest.fixture
def uncached() -> Iterator[None]:
    """Forget the loaded templates and translations, before and after the test."""
    for cached in (renderer.environment, languages.translations):
        cached.cache_clear()
    yield
    for cached in (renderer.environment, languages.translations):
        cached.cache_clear()


def test_pages_to_log_in_are_reported_with_the_reason_if_there_are_none() -> None:
    path = "https://example.com/auth"
    assert found()["pages"] == ("ok", "People log in at http://localhost:8000/account/login.")
    for environ, reason in [
        ({"FRONTEND_URL": "https://app.example.com"}, "FRONTEND_URL is not PUBLIC_URL."),
        ({"PUBLIC_URL": path}, "PUBLIC_URL has a path, and the pages need a host of their own."),
        ({"HOSTED_PAGES": "false"}, "HOSTED_PAGES=false."),
    ]:
        assert found(**environ)["pages"] == ("note", REASON + reason)


def test_source_of_the_logo_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "logo.svg"
    file.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    of_file, of_url = (found(BRAND_LOGO=logo)["pages.logo"] for logo in (str(file), "https://cdn.example.com/logo.svg"))

    assert of_file == ("ok", "The pages have a logo. It is a file, image/svg+xml.")
    assert of_url == ("ok", "The pages have a logo. Browsers load it from https://cdn.example.com.")
    assert "pages.logo" not in found()


def test_application_on_the_origin_of_the_pages_is_a_warning() -> None:
    server = {"PUBLIC_URL": "https://auth.example.com", "HOSTED_PAGES": "true"}
    for variable, value in [
        ("FRONTEND_URL", "https://auth.example.com/app"),
        ("CORS_ORIGINS", "https://app.example.com,https://auth.example.com"),
        ("RETURN_URLS", "https://auth.example.com/app/"),
    ]:
        verdict, message = found(**server, **{variable: value})["pages.origin"]
        assert (verdict, message.partition(",")[0]) == (
            "warn",
            f"{variable} names an application at https://auth.example.com",
        )
        assert "pages.origin" not in found(**{**server, "HOSTED_PAGES": "false", variable: value})
    for environ in (
        {},
        {"FRONTEND_URL": "https://app.example.com"},
        {"FRONTEND_URL": "https://auth.example.com"},
        {"CORS_ORIGINS": "https://auth.example.com:8443"},
        {"RETURN_URLS": "https://auth.example.com/account/signed-in,https://auth.example.com.evil.example/"},
    ):
        assert "pages.origin" not in found(**server, **environ)


def test_pages_that_cannot_use_passkeys_are_a_warning() -> None:
    server = {"PUBLIC_URL": "https://auth.example.com", "FRONTEND_URL": "https://app.example.com"}
    pages = {**server, "HOSTED_PAGES": "true"}

    verdict, message = found(**pages)["pages.passkeys"]
    assert (verdict, "https://auth.example.com" in message) == ("warn", True)
    for environ in (server, {**pages, "PASSKEY_RP_ID": "example.com"}, {**pages, "PASSKEYS_ENABLED": "false"}):
        assert "pages.passkeys" not in found(**environ)


@pytest.mark.usefixtures("uncached")
def test_templates_and_translations_that_cannot_be_loaded_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (check_templates().verdict, check_templates().message) == ("ok", "All templates can be loaded, in: en, de.")

    monkeypatch.setattr(languages, "MESSAGES", tmp_path)  # not compiled
    for cached in (renderer.environment, languages.translations):
        cached.cache_clear()
    assert (check_templates().verdict, "FileNotFoundError" in check_templates().message) == ("fail", True)

    monkeypatch.undo()
    broken = tmp_path / "frame" / "templates" / "_layout.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("{% block title %}", encoding="utf-8")
    monkeypatch.setattr(renderer, "WEB", tmp_path)
    renderer.environment.cache_clear()
    assert (check_templates().verdict, "TemplateSyntaxError" in check_templates().message) == ("fail", True)
