"""Every flow that opens a session can open one that a browser keeps, which replaces the earlier one of the browser."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec
import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.flows.account.service import AccountService
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.flows.passkey_login.service import PasskeyLoginService
from auth_api.flows.registration.service import RegistrationService
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.sign_in.enrolment import MfaToken
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.users.identifiers import canonical_email, canonical_username
from auth_api.users.profile import ProfileInput
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.enrolment import begin_app, begin_passkey, enrolment_token
from tests.support.factors import add_totp, current_code, first_step, switch_two_step_on
from tests.support.mail_flows import NEW_PASSWORD, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.passkeys import new_authenticator, second_factor_options, stored_passkey

ON_A_PAGE: Final = RequestContext(via="page")

Flow = Callable[[Services, Actor, BrowserCarrier], Awaitable[OpenedSession]]


async def log_in_with_passkey(services: Services, ada: Actor, carrier: BrowserCarrier) -> OpenedSession:
    soft = await stored_passkey(services, ada)
    credential = soft.get(msgspec.to_builtins(services.of(PasskeyLoginService).options()))
    return (await services.of(PasskeyLoginService).log_in(credential, ON_A_PAGE, carrier=carrier)).session


async def send_code(services: Services, ada: Actor, carrier: BrowserCarrier) -> OpenedSession:
    seed = await add_totp(services, "ada")
    await switch_two_step_on("ada")
    token, code = await first_step(ada), current_code(services, seed)
    second_factor = services.of(SecondFactorService)
    completed = await second_factor.complete(token, FactorMethod.TOTP, code, ON_A_PAGE, carrier=carrier)
    return completed.signed_in.session


async def use_passkey_as_second_factor(services: Services, ada: Actor, carrier: BrowserCarrier) -> OpenedSession:
    soft = await stored_passkey(services, ada)
    await switch_two_step_on("ada")
    token = await first_step(ada)
    credential = soft.get(await second_factor_options(ada, token))
    second_factor = services.of(SecondFactorService)
    completed = await second_factor.complete_with_passkey(token, credential, ON_A_PAGE, carrier=carrier)
    return completed.signed_in.session


async def register(services: Services, _: Actor, carrier: BrowserCarrier) -> OpenedSession:
    registration = await services.of(RegistrationService).register(
        email=canonical_email("grace@example.com"),
        username=canonical_username("grace"),
        password=PASSWORD,
        profile=ProfileInput(),
        request_context=ON_A_PAGE,
        carrier=carrier,
    )
    assert registration.session is not None
    return registration.session


async def add_first_app(services: Services, ada: Actor, carrier: BrowserCarrier) -> OpenedSession:
    token = MfaToken(await enrolment_token(ada))
    code = (await begin_app(ada, token)).code()
    own_factors = services.of(OwnFactorsService)
    return (await own_factors.confirm_first_totp(token, code, ON_A_PAGE, carrier=carrier)).signed_in.session


async def add_first_passkey(services: Services, ada: Actor, carrier: BrowserCarrier) -> OpenedSession:
    token = MfaToken(await enrolment_token(ada))
    credential = await begin_passkey(ada, token, new_authenticator())
    added = await services.of(OwnPasskeysService).add_first(
        token, credential, name="Laptop", request_context=ON_A_PAGE, carrier=carrier
    )
    return added.signed_in.session


FLOWS: Final[tuple[Flow, ...]] = (register, log_in_with_passkey, send_code, use_passkey_as_second_factor)
ENROLMENTS: Final[tuple[Flow, ...]] = (add_first_app, add_first_passkey)


async def require_replaced(services: Services, session: OpenedSession, before: str, *, username: str = "ada") -> None:
    """Check that a new session is that of a browser, and has ended the earlier one of the browser."""
    found = await find(services, session.secret.raw)
    assert found is not None
    assert (found.principal.user.username, found.principal.session_id) == (username, session.claims.session_id)
    assert found.keep
    assert session.absolute_expires_in == timedelta(days=30)
    assert await RefreshTokenRow.count().where(RefreshTokenRow.session_id == session.claims.session_id) == 0
    assert await find(services, before) is None
    (ended,) = await SessionRow.select(SessionRow.id).where(SessionRow.ended_reason == "replaced")
    event = await AuditLogRow.select().where(AuditLogRow.action == "session:evicted").first()
    assert event is not None
    assert event["resource"] == f"session:{ended['id']}"
    assert json.loads(event["details"]) == {"reason": "replaced", "via": "page"}


@pytest.mark.parametrize("flow", FLOWS)
async def test_session_of_a_flow_replaces_that_of_the_browser(
    user_factory: UserFactory, services: Services, flow: Flow
) -> None:
    ada = await user_factory(is_verified=True)
    before = await log_in_in_browser(services)

    session = await flow(services, ada, BrowserCarrier(keep=True, replaces=before))

    await require_replaced(services, session, before, username="grace" if flow is register else "ada")


@pytest.mark.parametrize("flow", ENROLMENTS)
async def test_login_with_a_first_factor_replaces_the_session_of_the_browser(
    user_factory: UserFactory, app_with: OtherAppFactory, services: Services, mailbox: Mailbox, flow: Flow
) -> None:
    """The earlier session is that of another user: a first app also ends those of its own user."""
    await user_factory(is_verified=True)
    before = await log_in_in_browser(services, (await user_factory()).username)
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        session = await flow(other.services, Actor(other.client), BrowserCarrier(keep=True, replaces=before))

        await require_replaced(other.services, session, before)


async def test_password_change_gives_the_browser_a_new_cookie(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    before = await log_in_in_browser(services, keep=True)
    present = await find(services, before)
    assert present is not None

    signed_in = await services.of(AccountService).change_password(
        present.principal,
        current_password=PASSWORD,
        new_password=NEW_PASSWORD,
        request_context=ON_A_PAGE,
        carrier=BrowserCarrier(keep=present.keep, replaces=None),
    )

    after = await find(services, signed_in.session.secret.raw)
    assert after is not None
    assert after.keep
    assert await find(services, before) is None
    assert set(await SessionRow.select(SessionRow.ended_reason).output(as_list=True)) == {None, "password_changed"}
