"""Fill in and send forms in a browser, in whichever language the page is."""

from playwright.async_api import Locator, Page


def form_to(page: Page, action: str) -> Locator:
    """Return the form that leads to a path, whatever its query string."""
    return page.locator(f'form[action$="{action}"], form[action*="{action}?"]').first


async def fill_in(page: Page, action: str, **typed: str) -> Locator:
    """Fill in fields of a form by their names, tick checkboxes that get `on`, and return the form.

    Args:
        page: an open page.
        action: the path that the form leads to.
        **typed: the values by the names of the fields.
    """
    form = form_to(page, action)
    for name, value in typed.items():
        field = form.locator(f'[name="{name}"]')
        if value == "on":
            await field.check()
        elif await field.evaluate("node => node.localName") == "select":
            await field.select_option(value)
        else:
            await field.fill(value)
    return form


async def send_form(page: Page, action: str, *, button: str = "", **typed: str) -> None:
    """Fill in a form, press its first button or the one with this value, and wait for the next page.

    Args:
        page: an open page.
        action: the path that the form leads to.
        button: the value of the button, which may be in another form to this path.
        **typed: the values by the names of the fields.
    """
    form = await fill_in(page, action, **typed)
    pressed = form.locator('button:not([type="button"])')
    if button:
        pressed = page.locator(f'form[action*="{action}"] button[value="{button}"]')
    async with page.expect_event("load"):
        await pressed.first.click()
