"""Sessions record how the identity was proved, and cost few statements."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.proof import Proof
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.rows import user_rows
from tests.support.statements import recorded

NEW_PASSWORD = "Another-Mare-8-Paperclip"


async def change_password(ada: Actor) -> ApiResponse:
    body = {"current_password": ada.password, "new_password": NEW_PASSWORD}
    response = await ada.call("POST", "/api/user/password", json=body)
    assert response.status == 200
    return response


async def test_session_stores_the_methods_and_the_time_of_the_proof(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    proved_at = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)
    user = await services.core.users.find("ada")
    proof = Proof(user=user, methods=("pwd", "otp"), has_administrative_role=False, auth_time=proved_at)

    signed_in = await services.core.sign_in.complete(proof, RequestContext())

    row = await SessionRow.select().where(SessionRow.id == signed_in.session.claims.session_id).first()
    assert row is not None
    assert (row["user_id"], row["amr"], row["auth_time"]) == (user.id, "pwd otp", proved_at)


async def test_session_of_an_earlier_proof_begins_now(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    proved_at, opened_at = datetime(2026, 2, 19, 10, 30, tzinfo=UTC), datetime(2026, 2, 19, 10, 40, tzinfo=UTC)
    user = await services.core.users.find("ada")
    proof = Proof(user=user, methods=("fed",), has_administrative_role=False, auth_time=proved_at, opened_at=opened_at)

    claims = (await services.core.sign_in.complete(proof, RequestContext())).session.claims

    row = await SessionRow.select().where(SessionRow.id == claims.session_id).first()
    assert row is not None
    assert (row["auth_time"], row["created_at"], claims.auth_time) == (proved_at, opened_at, proved_at)


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


async def set_session(*, amr: str, mfa_at: datetime | None = None) -> None:
    """Give the only session the methods and the time of a second factor that a later version could have stored."""
    values: dict[Any, Any] = {SessionRow.amr: amr, SessionRow.mfa_at: mfa_at}
    if mfa_at is not None:
        values[SessionRow.auth_time] = mfa_at
    await SessionRow.update(values, force=True)


async def newest_session() -> dict[str, Any]:
    row = await SessionRow.select().order_by(SessionRow.id, ascending=False).first()
    assert row is not None
    return row


@pytest.mark.parametrize(("before", "after"), [("pwd", "pwd"), ("fed", "fed pwd"), ("pwd fed", "fed pwd")])
async def test_password_change_makes_the_password_the_last_method(
    user_factory: UserFactory, before: str, after: str
) -> None:
    ada = await user_factory()
    await set_session(amr=before)

    await change_password(ada)

    session, (changed,) = await newest_session(), await user_rows()
    assert (session["amr"], session["auth_time"], session["mfa_at"]) == (after, changed["updated_at"], None)


async def test_password_change_keeps_the_time_of_the_second_factor(
    user_factory: UserFactory, services: Services
) -> None:
    """The password does not renew that proof, of which the session gives the time."""
    ada = await user_factory()
    proved_at = (await newest_session())["auth_time"]
    await set_session(amr="pwd otp", mfa_at=proved_at)
    await ada.refresh()

    response = await change_password(ada)

    session = await newest_session()
    assert (session["amr"], session["auth_time"], session["mfa_at"]) == ("otp pwd", proved_at, proved_at)
    claims = services.core.sessions.access_tokens.verify(response["access_token"])
    assert claims.auth_time == int(proved_at.timestamp())


async def test_token_of_before_the_second_factor_does_not_pass_it_on(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await set_session(amr="pwd otp", mfa_at=(await newest_session())["auth_time"] + timedelta(seconds=2))

    await change_password(ada)

    session, (changed,) = await newest_session(), await user_rows()
    assert (session["auth_time"], session["mfa_at"]) == (changed["updated_at"], None)


async def test_registration_takes_six_statements(ada: Actor, services: Services) -> None:
    """The user, the audit row, the recipient of the mail, the mail, the session with the count of others, its token."""
    with recorded(services.core.database.engine) as statements:
        await ada.register()

    verbs = [statement.split()[0] for statement in statements]
    assert verbs == ["INSERT", "INSERT", "SELECT", "INSERT", "INSERT", "INSERT"]


async def test_password_change_takes_26_statements(user_factory: UserFactory, services: Services) -> None:
    """Two of them open the session: the other ones check, change and record the password, and revoke all access.

    Eight belong to second factors: one per kind looks whether the account has any, so that its session must have proved
    one recently, before the password is checked and again on the locked row of the user, which is read once more for
    that; and one ends the logins that wait for a second factor. One ends the logins that lead through another site, and
    one looks which identity opened the session that is continued.
    One ends what applications hold that depends on sessions.
    """
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        await change_password(ada)

    opening = [" ".join(statement.split()[:3]) for statement in statements[-2:]]
    assert opening == ["INSERT INTO sessions", "INSERT INTO refresh_tokens"]
    assert len(statements) == 26
