"""Settings of the pages: links to the product, and what is rejected."""

import pytest

from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET}
PRODUCTION = {**DEVELOPMENT, "ENVIRONMENT": "production", "PUBLIC_URL": "https://auth.your-company.com"}
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


KEYS = "must have no key except home"
OBJECT = "must be a JSON object of URLs"
URL = "must have http or https URLs with a host, without user names and blanks"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (APP, OBJECT),
        (f'["{APP}"]', OBJECT),
        ('{"home": 7}', OBJECT),
        ('{"home": null}', OBJECT),
        (f'{{"Home": "{APP}"}}', KEYS),
        (f'{{"home": "{APP}", "support": "{APP}"}}', KEYS),
        ('{"home": ""}', URL),
        ('{"home": "app.your-company.com"}', URL),
        ('{"home": "/start"}', URL),
        ('{"home": "//app.your-company.com"}', URL),
        ('{"home": "https://"}', URL),
        ('{"home": "javascript:alert(1)"}', URL),
        ('{"home": "data:text/html,hunter2"}', URL),
        ('{"home": "mailto:hunter2@your-company.com"}', URL),
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

    assert str(raised.value) == f'BRAND_LINKS {problem}. Example: BRAND_LINKS={{"home": "{APP}"}}'


def test_production_requires_https_links() -> None:
    with pytest.raises(InvalidSettingsError, match="BRAND_LINKS must have https URLs in production"):
        Settings.from_env({**PRODUCTION, "BRAND_LINKS": '{"home": "http://app.your-company.com"}'})
