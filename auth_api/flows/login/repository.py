"""The usual login as one statement, which PostgreSQL alone takes."""

from auth_api.events.audit.events import EventTag
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.networks import network_of
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.session_factory import KNOWN_NETWORK, PASSWORD, NewSession
from auth_api.users.tables import UserRow
from auth_api.users.user import Credentials, User, first_user


@circuit_breaker(service=SERVICE)
async def log_in_as_usual(found: Credentials, session: NewSession, request_context: RequestContext) -> User | None:
    """Note the login, keep the session with its token, and add the event. None, and nothing of it, if more is to do.

    That is: the account is no longer what was found (another login moved `last_login`, or it was disabled, deleted, or
    given another password), it has all the sessions that it may have, or its owner has not logged in from here lately.

    The sessions are counted as they were when the statement began, and that is exact: whoever opened one since then has
    changed the account's row, which is looked at again when it is locked.
    """
    user_id, network = found.user.id, network_of(request_context.ip_address)
    known_since = found.seen_at - KNOWN_NETWORK
    idle_seconds, absolute_seconds = session.idle_ttl.total_seconds(), session.absolute_ttl.total_seconds()
    rows = await UserRow.raw(
        "WITH account AS (UPDATE users SET last_login = clock_timestamp() "
        "WHERE id = {} AND is_active AND hashed_password = {} AND last_login IS NOT DISTINCT FROM {} "
        "AND (SELECT count(*) FROM sessions WHERE user_id = {} AND ended_at IS NULL "
        "AND expires_at > clock_timestamp()) < {} "
        "AND EXISTS (SELECT 1 FROM sessions WHERE user_id = {} AND network = {} AND created_at > {}) "
        "RETURNING id, username, email, is_active, email_verified_at, locale, created_at, updated_at, last_login), "
        "session AS (INSERT INTO sessions (id, user_id, created_at, last_used_at, auth_time, expires_at, "
        "absolute_expires_at, ip_address, network, user_agent, amr) SELECT {}, id, last_login, last_login, last_login, "
        "last_login + make_interval(secs => {}), last_login + make_interval(secs => {}), {}, {}, {}, {} FROM account), "
        "token AS (INSERT INTO refresh_tokens (user_id, session_id, token_hash, expires_at, is_revoked, created_at) "
        "SELECT id, {}, {}, last_login + make_interval(secs => {}), false, last_login FROM account), "
        "event AS (INSERT INTO audit_logs (user_id, action, resource, details, ip_address, user_agent, request_id, "
        "created_at) SELECT id, {}, 'account', json_build_object(), {}, {}, {}, clock_timestamp() FROM account) "
        "SELECT * FROM account",
        user_id,
        found.hashed_password,
        found.user.last_login,
        user_id,
        session.most,
        user_id,
        network,
        known_since,
        session.id,
        idle_seconds,
        absolute_seconds,
        request_context.ip_address,
        network,
        request_context.user_agent,
        PASSWORD,
        session.id,
        session.refresh_token.digest,
        idle_seconds,
        EventTag.LOGIN_SUCCEEDED.value,
        request_context.ip_address,
        request_context.user_agent,
        request_context.request_id,
    )
    return first_user(rows)
