"""A virtual authenticator in Chromium, by the DevTools protocol."""

from playwright.async_api import CDPSession, Page


async def add_virtual_authenticator(
    page: Page, *, synchronises: bool = True, verifies: bool = True
) -> tuple[CDPSession, str]:
    """Give the browser of a page an authenticator that answers without a person.

    Args:
        page: the page.
        synchronises: whether its passkeys are backed up.
        verifies: whether it verifies the user.

    Returns:
        The session of the protocol, and the id of the authenticator.
    """
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
        "defaultBackupEligibility": synchronises,
        "defaultBackupState": synchronises,
    }
    added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, added["authenticatorId"]
