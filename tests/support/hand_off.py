"""Applications that get the sign-ins of the pages handed over."""

import re
from typing import Final

from auth_api.flows.federation.hand_off import HandOff
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sign_in.service import SignedIn
from tests.support.visitor import Page

RETURN_TO: Final = "http://testserver/account/signed-in"
"""The only application of the server under test, which is the default."""

VERIFIER: Final = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # of RFC 7636 Appendix B

JOURNEY: Final = {"return_to": RETURN_TO, "code_challenge": challenge_of(VERIFIER)}
"""The parameters with which an application begins a sign-in."""

_HOP: Final = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"#]+)#code=(fc_[A-Za-z0-9_-]{43})">')


def handed_over(page: Page, return_to: str = RETURN_TO) -> str:
    """Return the code on a page that leads to an application, by itself and by a link."""
    assert page.outcome == (200, "hop", "")
    found = _HOP.search(page.response.text)
    assert found is not None
    assert found[1] == return_to
    assert f"{return_to}#code={found[2]}" in page.reader.links
    return found[2]


async def new_code(services: Services, access_token: str) -> str:
    """Return a code that hands the session of an access token over to an application."""
    claims = services.core.sessions.access_tokens.verify(access_token)
    challenge = JOURNEY["code_challenge"]
    return await services.core.sign_in_flows.hand_off(
        user_id=claims.user_id, session_id=claims.sid, return_to=RETURN_TO, challenge=challenge
    )


async def redeem(services: Services, code: str, verifier: str = VERIFIER) -> SignedIn:
    """Exchange a code for a session, as the application does.

    Raises:
        ApplicationException: as the service.
    """
    core = services.core
    hand_off = HandOff(flows=core.sign_in_flows, users=core.users, sessions=core.sessions, sign_in=core.sign_in)
    return await hand_off.log_in(await core.sign_in_flows.find_code(code, verifier), RequestContext())
