"""Accounts at a provider, without asking one."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, UpstreamIdentity
from auth_api.credentials.providers.service import Providers
from auth_api.flows.federation.errors import SignUpRequiredException
from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.kit.errors import ApplicationException
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sign_in_flows.flow import Flow, FlowPurpose, NewFlow

VERIFIER = "v" * 43

ISSUER = "https://login.example.com"


@dataclass(frozen=True)
class FakeProvider:
    """A provider that proves what the test tells it to."""

    settings: ProviderSettings
    person: UpstreamIdentity | None = None

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        return f"{ISSUER}/authorize?state={request.state}"

    async def prove(self, response: AuthorizationResponse) -> UpstreamIdentity:
        assert self.person is not None, response
        return self.person


def acme(**settings: Any) -> FakeProvider:
    """Return the provider `acme`."""
    return FakeProvider(ProviderSettings(**{"id": "acme", "name": "Acme", **settings}))


def install_acme(patch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Let the applications that are created from now on have the provider `acme`."""
    provider = acme(**settings)
    patch.setattr("auth_api.composition.create_providers", lambda *_args, **_options: Providers((provider,)))


def upstream_identity(subject: str = "7", **values: Any) -> UpstreamIdentity:
    """Return what the provider `acme` has proved about a person."""
    return UpstreamIdentity(**{"provider": "acme", "issuer": ISSUER, "subject": subject, **values})


async def add_identity(services: Services, user_id: int, subject: str = "7", **values: Any) -> Identity:
    """Link a person at the provider to a user."""

    async def work() -> Identity | None:
        upstream = upstream_identity(subject, **values)
        return await services.core.identities.insert(user_id, upstream, RequestContext())

    identity = await services.core.database.transaction(work)
    assert identity is not None
    return identity


async def proved_code(
    services: Services, purpose: FlowPurpose = FlowPurpose.HAND_OFF, *, subject: str = "7", **values: Any
) -> str:
    """Return the code of a flow in which the provider has just proved a person.

    The values are those of the person, and `user_id` and `session_id` those of the user who links an identity.
    """
    names = {"user_id", "session_id"} & values.keys()
    of_flow = {name: values.pop(name) for name in names}
    flows, browser = services.core.sign_in_flows, "bb_browser"
    state, secrets = flows.new_state()
    new = NewFlow(
        purpose=purpose,
        provider="acme",
        browser=browser,
        return_to="https://app.example.com/",
        challenge=challenge_of(VERIFIER),
        **of_flow,
    )
    await flows.start(state, new)
    taken = await flows.take(state, browser, "acme")
    assert taken is not None
    await flows.prove(taken, secrets, msgspec.to_builtins(upstream_identity(subject, **values)))
    return secrets.code.raw


async def proved_flow(services: Services, purpose: FlowPurpose = FlowPurpose.HAND_OFF, **values: Any) -> Flow:
    """Return a flow in which the provider has just proved a person; see `proved_code`."""
    code = await proved_code(services, purpose, **values)
    return await services.core.sign_in_flows.find_code(code, VERIFIER, purpose)


async def outcome(attempt: Awaitable[Any]) -> Any:
    """Return the result of an attempt, or its error."""
    try:
        return await attempt
    except ApplicationException as error:
        return error


def codes(outcomes: Sequence[Any]) -> list[str]:
    """Return the error codes of some outcomes, sorted; `ok` without an error."""
    return sorted(each.error_code if isinstance(each, ApplicationException) else "ok" for each in outcomes)


async def sign_up(services: Services, **values: Any) -> SignUpRequiredException:
    """Log in with a person who has no account, and return what leads to the registration."""
    flow = await proved_flow(services, **values)
    required = await outcome(services.of(FederatedSignIn).log_in(flow, RequestContext()))
    assert isinstance(required, SignUpRequiredException)
    return required


async def link_token(services: Services, username: str, **values: Any) -> str:
    """Return the token of a sign-in that found the account of a user by its e-mail address."""
    user, flow = await services.core.users.find(username), await proved_flow(services, **values)
    flows = services.core.sign_in_flows

    async def work() -> str:
        await flows.claim(flow)
        return await flows.offer_link(flow, user.id, flow.evidence or {})

    return await services.core.database.transaction(work)
