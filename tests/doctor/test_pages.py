"""`doctor` says whether people can log in on pages of this server, and why not."""

from pathlib import Path

import pytest

from auth_api.doctor.pages import check_pages
from auth_api.settings import Settings

pytestmark = pytest.mark.engine_independent

REASON = "This server has no pages to log in: "


def found(**environ: str) -> list[tuple[str, str, str]]:
    settings = Settings.from_env({"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2", **environ})
    return [(finding.check, finding.verdict, finding.message) for finding in check_pages(settings)]


def test_pages_to_log_in_are_reported_with_the_reason_if_there_are_none() -> None:
    path = "https://example.com/auth"
    assert found() == [("pages", "ok", "People log in at http://localhost:8000/account/login.")]
    for environ, reason in [
        ({"FRONTEND_URL": "https://app.example.com"}, "FRONTEND_URL is another server."),
        ({"PUBLIC_URL": path}, "PUBLIC_URL has a path, and the pages need their own host."),
        ({"HOSTED_PAGES": "false"}, "HOSTED_PAGES=false."),
    ]:
        assert found(**environ) == [("pages", "note", REASON + reason)]


def test_source_of_the_logo_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "logo.svg"
    file.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    (_, of_file), (_, of_url) = found(BRAND_LOGO=str(file)), found(BRAND_LOGO="https://cdn.example.com/logo.svg")

    assert of_file == ("pages.logo", "ok", "The pages have a logo. It is a file, image/svg+xml.")
    assert of_url == ("pages.logo", "ok", "The pages have a logo. Browsers load it from https://cdn.example.com.")
