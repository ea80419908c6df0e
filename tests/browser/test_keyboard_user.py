"""A person with only a keyboard notices what the keyboard does not reach."""

import pytest
from playwright.async_api import Browser

from tests.support.browser import browser_page
from tests.support.keyboard import KeyboardUser
from tests.support.static_site import static_site

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]


async def test_keyboard_user_notices_what_it_cannot_reach_or_see(each_browser: Browser) -> None:
    body = """<style>#unmarked { outline: none }</style>
<label>Name <input name="name"></label> <label>Keep <input type="checkbox"></label>
<button id="unmarked">Send</button> <a href="/next" tabindex="-1">Hidden</a> <a href="/next">Next</a>"""
    with static_site({"/": body, "/next": "<title>Next</title>"}) as origin:
        async with browser_page(each_browser) as visit:
            await visit.page.goto(origin)
            user = KeyboardUser(visit.page)

            await user.type_into("Name", "ada")
            await user.toggle("Keep")
            with pytest.raises(AssertionError, match="Tab does not lead to"):
                await user.follow("Hidden")
            await user.follow("Next")
            await visit.page.wait_for_url("**/next")

            assert set(user.unmarked) == {"button Send"}
