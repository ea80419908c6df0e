"""Sign-ins that lead through another site, by the service."""

from typing import Any, Final

from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowPurpose, NewFlow
from auth_api.sign_in_flows.service import SignInFlows

VERIFIER: Final = "V" * 43
CHALLENGE: Final = challenge_of(VERIFIER)
RETURN_TO: Final = "https://app.example.com/signed-in"
EVIDENCE: Final[dict[str, Any]] = {"subject": "7", "roles": [], "email": None}
BROWSER: Final = new_token(BROWSER_ID).raw


async def start(flows: SignInFlows, **changes: Any) -> str:
    """Store a flow of an application at the provider `one`, and return its state."""
    flow: dict[str, Any] = {
        "purpose": FlowPurpose.HAND_OFF,
        "provider": "one",
        "browser": BROWSER,
        "return_to": RETURN_TO,
        "challenge": CHALLENGE,
    }
    state, _ = flows.new_state()
    await flows.start(state, NewFlow(**{**flow, **changes}))
    return state


async def prove(flows: SignInFlows, state: str) -> str:
    """Let the provider `one` prove a flow, and return the code for the application."""
    flow = await flows.take(state, BROWSER, "one")
    assert flow is not None
    secrets = flows.secrets_of(flow, state)
    assert secrets is not None
    await flows.prove(flow, secrets, EVIDENCE)
    return secrets.code.raw


async def proved(flows: SignInFlows, **changes: Any) -> tuple[str, Flow]:
    """Return the code and the flow of a sign-in that is proved."""
    code = await prove(flows, await start(flows, **changes))
    return code, await flows.find_code(code, VERIFIER, changes.get("purpose", FlowPurpose.HAND_OFF))


async def is_invalid(work: Any) -> bool:
    """Return whether awaiting this raises `FLOW_INVALID`."""
    try:
        await work
    except FlowInvalidException:
        return True
    return False
