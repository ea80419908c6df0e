"""What a person does on the pages about second factors."""

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.page_passkeys import created_passkey
from tests.support.passkeys import new_authenticator
from tests.support.soft_authenticator import SoftAuthenticator
from tests.support.visitor import Page, Visitor

SECURITY = "/account/security"
TWO_STEP = "/account/security/two-step"
APP = "/account/security/totp"
CONFIRM_APP = "/account/security/totp/confirm"
REMOVE_APP = "/account/security/totp/remove"
PASSKEYS = "/account/security/passkeys"
REMOVE_PASSKEY = "/account/security/passkeys/remove"
RECOVERY_CODES = "/account/security/recovery-codes"


async def begin_app(visitor: Visitor) -> tuple[AuthenticatorApp, Page]:
    """Open the QR code of a new app, and return the app and the page."""
    page = await visitor.submit(await visitor.get(APP), APP)
    assert page.outcome == (200, "app-code", "")
    return AuthenticatorApp(secret_on(page)), page


def secret_on(page: Page) -> str:
    """Return the key that a page shows for typing."""
    return "".join(page.reader.by_id["secret"])


async def add_app(visitor: Visitor) -> tuple[AuthenticatorApp, Page]:
    """Add an app, and return it and the response to its confirmation."""
    app, page = await begin_app(visitor)
    return app, await visitor.submit(page, CONFIRM_APP, code=app.code())


async def add_passkey(visitor: Visitor, name: str = "") -> tuple[SoftAuthenticator, Page]:
    """Add a passkey, and return its authenticator and the response."""
    soft, page = new_authenticator(), await visitor.get(PASSKEYS)
    return soft, await visitor.submit(page, PASSKEYS, credential=created_passkey(page, soft), name=name)


def codes_on(page: Page) -> list[str]:
    """Return the recovery codes that a page shows."""
    return "".join(page.reader.by_id["codes"]).split()
