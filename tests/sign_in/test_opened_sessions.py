"""Sessions record how the identity was proved, and cost few statements."""

from datetime import UTC, datetime

from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.proof import Proof
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.rows import user_rows
from tests.support.statements import recorded

NEW_PASSWORD = "Another-Mare-8-Paperclip"


async def change_password(ada: Actor) -> None:
    body = {"current_password": ada.password, "new_password": NEW_PASSWORD}
    assert (await ada.call("POST", "/api/user/password", json=body)).status == 200


async def test_session_stores_the_methods_and_the_time_of_the_proof(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    proved_at = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)
    user = await services.core.users.find("ada")
    proof = Proof(user=user, methods=("pwd", "otp"), auth_time=proved_at)

    signed_in = await services.core.sign_in.complete(proof, RequestContext())

    row = await SessionRow.select().where(SessionRow.id == signed_in.session.claims.session_id).first()
    assert row is not None
    assert (row["user_id"], row["amr"], row["auth_time"]) == (user.id, "pwd otp", proved_at)


async def test_sessions_of_registration_login_and_password_change_are_dated_by_their_proof(
    user_factory: UserFactory,
) -> None:
    ada = await user_factory()
    (registered,) = await user_rows()
    await ada.log_in()
    (logged_in,) = await user_rows()
    await change_password(ada)
    (changed,) = await user_rows()

    sessions = await SessionRow.select(SessionRow.amr, SessionRow.auth_time).order_by(SessionRow.id)
    assert [session["amr"] for session in sessions] == ["pwd"] * 3
    assert [session["auth_time"] for session in sessions] == [
        registered["created_at"],
        logged_in["last_login"],
        changed["updated_at"],
    ]


async def test_registration_takes_six_statements(ada: Actor, services: Services) -> None:
    """The user, the audit row, the recipient of the mail, the mail, the session with the count of others, its token."""
    with recorded(services.core.database.engine) as statements:
        await ada.register()

    verbs = [statement.split()[0] for statement in statements]
    assert verbs == ["INSERT", "INSERT", "SELECT", "INSERT", "INSERT", "INSERT"]


async def test_password_change_takes_thirteen_statements(user_factory: UserFactory, services: Services) -> None:
    """Two of them open the session: the other ones check, change and record the password, and revoke all access."""
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        await change_password(ada)

    opening = [" ".join(statement.split()[:3]) for statement in statements[-2:]]
    assert opening == ["INSERT INTO sessions", "INSERT INTO refresh_tokens"]
    assert len(statements) == 13
