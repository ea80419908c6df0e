"""GET / in production."""

import pytest

from tests.conftest import OtherAppFactory
from tests.web.errors.test_error_catalogue import PRODUCTION

pytestmark = pytest.mark.engine_independent


async def test_home_leads_to_the_account_where_pages_are_hosted(app_with: OtherAppFactory) -> None:
    async with app_with(**PRODUCTION, HOSTED_PAGES="true") as other:
        response = await other.client.get("/")
    assert (response.status_code, response.headers["Location"]) == (303, "/account")

    async with app_with(**PRODUCTION, HOSTED_PAGES="false") as other:
        assert (await other.client.get("/")).status_code == 404
