"""Query plans: statements find their rows by an index, so that their cost does not grow with the tables.

The tables are nearly empty here, so PostgreSQL is told to avoid scans: if it still scans a table, no index fits.
"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.events.audit.events import EventFilter
from auth_api.events.outbox.delivery import Delivery
from auth_api.flows.invitations.invitation_filter import InvitationFilter
from auth_api.flows.invitations.repository import names_role
from auth_api.flows.invitations.service import InvitationService
from auth_api.flows.revocation_feed.service import RevocationFeed
from auth_api.flows.role_administration.assignments import RoleAssignments
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.operations.housekeeping.service import HousekeepingService
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services
from auth_api.sessions import browser_repository
from auth_api.users.identifiers import CanonicalEmail
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.browser_sessions import find, log_in_in_browser
from tests.support.invitations import EMAIL, JOINING, accept, invite, invited
from tests.support.mailbox import Mailbox
from tests.support.query_plans import plan_of, recorded_statements
from tests.support.sign_in_flows import BROWSER, EVIDENCE, proved, start

TABLES: Final = (
    "users|user_roles|sessions|browser_sessions|refresh_tokens|one_time_tokens|audit_logs|throttle_counters|outbox|"
    "used_values|revoked_subjects|invitations|sign_in_flows"
)
SCAN: Final = {
    "postgres": re.compile(rf"Seq Scan on ({TABLES})\b"),
    "sqlite": re.compile(rf"^SCAN ({TABLES}|[a-z])\b(?! USING)"),
}


@pytest.fixture
async def limited(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        mailbox.delivery, previous = other.services.of(Delivery), mailbox.delivery
        yield other
        mailbox.delivery = previous


async def use_all_endpoints(client: Any) -> None:
    """Send the requests of a usual client."""
    ada = Actor(client)
    await ada.register()
    await ada.log_in(password="Not-the-1-password")
    await ada.log_in(username="ada@example.com")
    spent = (await ada.log_in()).json["refresh_token"]
    for token in (spent, spent):
        await ada.call("POST", "/api/auth/refresh", json={"refresh_token": token})
    for path in ("profile", "sessions", "audit-log", "export"):
        await ada.call("GET", f"/api/user/{path}")
    await ada.call("POST", "/api/auth/logout", json={"refresh_token": spent})
    await ada.log_in()
    await ada.call("POST", "/api/auth/logout-all", json={"keep_current": True})


async def use_a_browser(services: Services) -> None:
    """Log in twice in a browser, use and extend the session, and log out."""
    cookie = await log_in_in_browser(services, replaces=await log_in_in_browser(services))
    found = await find(services, cookie)
    assert found is not None
    await browser_repository.extend(found.principal.session_id, idle_seconds=60)
    await services.core.browser_sessions.log_out(cookie, RequestContext())


async def use_the_revocation_feed(services: Services) -> None:
    """Revoke the tokens of a user, and read the feed."""
    await RevokedSubjects().mark_revoked(7)
    await services.of(RevocationFeed).read(None)


async def use_the_security_history(services: Services) -> None:
    """List and export events by each filter."""
    day = datetime(2026, 1, 1, tzinfo=UTC)
    filters: list[dict[str, Any]] = [
        {},
        {"user_id": 7},
        {"actor": "user:7"},
        {"action": "login:failed"},
        {"since": day},
    ]
    for wanted in filters:
        await services.core.audit.search(EventFilter(**wanted), PageRequest(20))
    for user_id in (None, 7):
        await services.core.audit.export_batch(after=0, since=day, until=day, user_id=user_id, limit=20)


async def use_roles(services: Services) -> None:
    """Grant a role, and list who has it."""
    user, roles = await services.core.users.find("ada"), services.core.roles
    await roles.grant(user.id, await roles.find("support"), granted_by=None)
    await services.of(RoleAssignments).holders("support", 20)
    await roles.granted(user.id)
    await services.of(RoleAssignments).revoke(
        user.id, "support", by=OPERATOR, request_context=RequestContext(), keeps_administrator=True
    )


async def use_sign_in_flows(services: Services) -> None:
    """Use codes and tokens of sign-ins that lead through another site."""
    flows, user = services.core.sign_in_flows, await services.core.users.find("ada")
    failed = await flows.take(await start(flows), BROWSER, "one")
    assert failed is not None
    await flows.fail(failed, "PROVIDER_DENIED")
    _, flow = await proved(flows)
    await flows.claim(flow)
    await flows.find_sign_up(await flows.offer_sign_up(flow, EVIDENCE))
    await flows.claim_link(await flows.offer_link(flow, user.id, EVIDENCE), user.id)
    await flows.find(await start(flows), BROWSER)
    await flows.end_all(user.id)


async def use_invitations(services: Services, client: Any, mailbox: Mailbox) -> None:
    """Invite people, list the invitations, revoke one and accept one."""
    await mailbox.collect()
    token = await invited(services, mailbox, "support")
    other = await invite(services, email="edith@example.com")
    service = services.of(InvitationService)
    for is_pending in (False, True):
        for email in (None, CanonicalEmail(EMAIL)):
            await service.list(PageRequest(20), InvitationFilter(email=email, is_pending=is_pending))
    await service.resend(other.id, OPERATOR, COMMAND_LINE_CONTEXT)
    await service.revoke(other.id, OPERATOR, COMMAND_LINE_CONTEXT)
    await names_role("support")
    grace = Actor(client, access_token=(await accept(Actor(client), token, **JOINING))["access_token"])
    await grace.call("GET", "/api/user/export")
    await grace.call("POST", "/api/user/delete", json={})


async def test_no_statement_scans_a_table(limited: OtherApp, mailbox: Mailbox, engine: str) -> None:
    database = limited.services.core.database.engine
    with recorded_statements(database) as statements:
        await use_all_endpoints(limited.client)
        await use_a_browser(limited.services)
        await use_the_revocation_feed(limited.services)
        await use_the_security_history(limited.services)
        await use_roles(limited.services)
        await use_sign_in_flows(limited.services)
        await use_invitations(limited.services, limited.client, mailbox)
        await limited.services.of(HousekeepingService).step()

    queries = {sql: statement for sql, statement in statements.items() if not sql.startswith("LOCK TABLE")}
    plans = {sql: await plan_of(database, engine, statement) for sql, statement in queries.items()}

    assert len(plans) > 20
    assert [sql for sql, plan in plans.items() if any(SCAN[engine].search(line) for line in plan)] == []
