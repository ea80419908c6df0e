"""Query plans of the lists for administrators, with many users and statistics: each page is read from one index."""

import re
from typing import Final

from auth_api.events.audit.events import EventFilter
from auth_api.flows.administration.user_filter import FilterKind, UserFilter
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.pagination import PageRequest
from tests.conftest import DeploymentFactory, OtherAppFactory
from tests.support.query_plans import plan_of, recorded_statements

FILL_USERS: Final = (
    "INSERT INTO users (username, email, hashed_password, is_active, email_verified_at, created_at, updated_at) "
    "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 3000) "
    "SELECT 'user' || number, 'user' || number || '@example.com', '!', number % 100 <> 0, "
    "CASE WHEN number % 100 <> 1 THEN clock_timestamp() END, clock_timestamp(), clock_timestamp() FROM numbers"
)
FILL_ROLES: Final = (
    "INSERT INTO user_roles (user_id, role_id, granted_at) "
    "SELECT users.id, roles.id, clock_timestamp() FROM users CROSS JOIN roles WHERE users.id % 5 = 0"
)
FILL_EVENTS: Final = (
    "INSERT INTO audit_logs (user_id, action, resource, details, actor, created_at) SELECT users.id % 5 + 1, "
    "CASE WHEN users.id % 50 = 0 THEN 'account:disabled' ELSE 'login:succeeded' END, 'account', '{}', "
    "CASE WHEN users.id % 50 = 0 THEN 'cli' END, created_at FROM users"
)

LISTS: Final = {
    "users_pkey|users USING INTEGER PRIMARY KEY": UserFilter(),
    "users_disabled": UserFilter(kind=FilterKind.DISABLED),
    "users_unverified": UserFilter(kind=FilterKind.UNVERIFIED),
    r"users_username_prefix|username>\? AND username<\?": UserFilter(kind=FilterKind.USERNAME_PREFIX, text="user1"),
    r"users_email_prefix|email>\? AND email<\?": UserFilter(kind=FilterKind.EMAIL_PREFIX, text="user1"),
    r"user_roles_role_id_user_id": UserFilter(kind=FilterKind.ROLE, text="support"),
}
"""The lists of users by the index, or the condition on it, that their first statement must use."""

EVENTS: Final = {
    "audit_logs_pkey|audit_logs USING INTEGER PRIMARY KEY": EventFilter(),
    "audit_logs_actor_id": EventFilter(actor="cli"),
    "audit_logs_action_id": EventFilter(action="account:disabled"),
}
"""The lists of events by the index that they must use."""

KNOWN: Final = UserFilter(kind=FilterKind.ID, ids=(1, 5, 7))

FILE_SORTS: Final = re.compile(r"\bSort\b|TEMP B-TREE")
SCANS: Final = re.compile(r"Seq Scan on (?!roles)|^SCAN (?!roles|json_each)")


async def test_each_list_is_read_from_its_index(
    deployment_factory: DeploymentFactory, app_with: OtherAppFactory, engine: str
) -> None:
    deployment = await deployment_factory()
    deployment.command("migrate").check_returncode()
    async with app_with(DATABASE_URL=deployment.database_url) as other:
        database, search = other.services.core.database.engine, other.services.of(UserSearch)
        for statement in (FILL_USERS, FILL_ROLES, FILL_EVENTS, "ANALYZE"):
            await database.run_ddl(statement)
        with recorded_statements(database) as recorded:
            for wanted in (*LISTS.values(), KNOWN):
                users, cursor = await search.find(wanted, PageRequest(20))
                assert (len(users), cursor is None) == ((3, True) if wanted is KNOWN else (20, False)), wanted
            await search.describe(users)
            for events in EVENTS.values():
                rows, cursor = await other.services.core.audit.search(events, PageRequest(20))
                assert (len(rows), cursor is None) == (20, False), events
        plans = {sql: await plan_of(database, engine, statement) for sql, statement in recorded.items()}

    of_pages = ["\n".join(plan) for sql, plan in plans.items() if "LIMIT" in sql]
    assert len(of_pages) == len(LISTS | EVENTS)
    found = {index: sum(bool(re.search(index, plan)) for plan in of_pages) for index in LISTS | EVENTS}
    assert set(found.values()) == {1}, (found, of_pages)
    assert [plan for plan in of_pages if FILE_SORTS.search(plan)] == []
    assert [sql for sql, plan in plans.items() if any(map(SCANS.search, plan))] == []
    assert len(plans) == len(LISTS | EVENTS) + 5
