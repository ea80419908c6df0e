"""What the script of a page gives to the browser and to the form, for tests without a browser."""

import html
import json
import re
from typing import Any

from tests.support.soft_authenticator import SoftAuthenticator
from tests.support.visitor import Page


def passkey_options(page: Page) -> Any:
    """Return the options that a page has for a passkey."""
    found = re.search(r'data-public-key="([^"]+)"', page.response.text)
    assert found is not None, page.outcome
    return json.loads(html.unescape(found[1]))


def used_passkey(page: Page, soft: SoftAuthenticator) -> str:
    """Return the field `credential` after the use of a passkey."""
    return json.dumps(soft.get(passkey_options(page)))


def created_passkey(page: Page, soft: SoftAuthenticator) -> str:
    """Return the field `credential` after the creation of a passkey."""
    return json.dumps(soft.create(passkey_options(page)))
