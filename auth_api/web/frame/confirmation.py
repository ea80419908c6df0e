"""Whether a page can show a form with sensitive changes, or the person must confirm first that it is them."""

from auth_api.sign_in.freshness import Freshness
from auth_api.web.frame.redirects import confirm_address, page_address
from auth_api.web.frame.visit import Visit


async def missing_confirmation(
    visit: Visit, freshness: Freshness, *, adds_factor: bool = False, has_password_field: bool = False
) -> str | None:
    """Return the address of the page that asks for a proof of identity and leads back; None if none is needed now.

    A page shows `confirmation` of `_confirmation.html` with this address in place of its form.

    Args:
        visit: the request of a person who is signed in.
        freshness: decides which proof is needed.
        adds_factor: whether the form adds a second factor.
        has_password_field: whether the form asks for the password, which is enough for accounts without a second
            factor.

    Raises:
        SignedOutError: the browser has no session.
        UserNotFoundException: the user was deleted in the meantime.
    """
    missing = await freshness.missing_proof(visit.principal, adds_factor=adds_factor)
    if missing is None or (has_password_field and missing.is_password):
        return None
    return confirm_address(page_address(visit.request), acr=missing.level)
