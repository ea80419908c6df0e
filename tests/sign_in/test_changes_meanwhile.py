"""A second factor that is added while a sensitive request is in progress is required of this request, too."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.freshness import Freshness
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import add_app
from tests.support.mailbox import Mailbox
from tests.support.passkeys import add_passkey, new_authenticator
from tests.support.rows import age_sessions, user_rows

NEW_EMAIL: Final = "ada@example.org"

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "/api/user/email": {"new_email": NEW_EMAIL},
    "/api/user/delete": {},
    "/api/user/password": {"new_password": "Another-Mare-8-Paperclip"},
}

STEP_UP: Final = (403, "STEP_UP_REQUIRED")

Change = Callable[[Actor], Awaitable[object]]


async def add_passkey_elsewhere(ada: Actor) -> None:
    """Add a passkey in another session. Two-step login stays off, and no session ends."""
    phone = Actor(ada.client)
    await phone.log_in()
    assert (await add_passkey(phone, new_authenticator())).status == 201


async def add_app_here(ada: Actor) -> None:
    """Add an app in the session of the request, which goes on while all others end. Two-step login is on."""
    same_session = Actor(ada.client, access_token=ada.access_token)
    await add_app(same_session)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[object]]], None]:
    """Run a coroutine once, after a request was confirmed and before its transaction begins."""

    def insert(work: Callable[[], Awaitable[object]]) -> None:
        for name in ("confirm", "admit_password_change"):
            confirm = getattr(Freshness, name)

            async def interrupted(self: Freshness, *arguments: Any, _confirm: Any = confirm, **more: Any) -> Any:
                result = await _confirm(self, *arguments, **more)
                monkeypatch.undo()
                await work()
                return result

            monkeypatch.setattr(Freshness, name, interrupted)

    return insert


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize(
    ("change", "age"), [(add_passkey_elsewhere, 0), (add_passkey_elsewhere, 301), (add_app_here, 0)]
)
async def test_factor_that_was_added_meanwhile_is_required(  # noqa: PLR0913, PLR0917 - fixtures
    user_factory: UserFactory,
    mailbox: Mailbox,
    meanwhile: Callable[[Callable[[], Awaitable[object]]], None],
    path: str,
    change: Change,
    age: float,
) -> None:
    ada = await user_factory(is_verified=True)
    before = await user_rows()
    await age_sessions(seconds=age)
    meanwhile(lambda: change(ada))

    body = {**REQUESTS[path], "current_password": ada.password}
    response = await ada.call("POST", path, json=body)

    assert (response.outcome, response["acr_values"]) == (STEP_UP, "aal2")
    (user,) = await user_rows()
    assert {name: user[name] for name in ("email", "hashed_password")} == {
        name: before[0][name] for name in ("email", "hashed_password")
    }
    assert [mail for mail in await mailbox.collect() if mail.recipient == NEW_EMAIL] == []


@pytest.mark.parametrize("path", REQUESTS)
async def test_factor_is_required_although_a_recent_login_confirmed_the_request(
    user_factory: UserFactory, meanwhile: Callable[[Callable[[], Awaitable[object]]], None], path: str
) -> None:
    """The account has no password."""
    ada = await user_factory(is_verified=True)
    phone = Actor(ada.client)
    await phone.log_in()
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)
    meanwhile(lambda: add_passkey(phone, new_authenticator()))

    assert (await ada.call("POST", path, json=REQUESTS[path])).outcome == STEP_UP
    assert await UserRow.count() == 1


async def test_new_session_of_a_password_change_lacks_a_factor_that_was_removed_meanwhile(
    user_factory: UserFactory, meanwhile: Callable[[Callable[[], Awaitable[object]]], None]
) -> None:
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    meanwhile(lambda: ada.call("DELETE", "/api/user/totp"))
    body = {"current_password": ada.password, "new_password": "Another-Mare-8-Paperclip"}

    assert (await ada.call("POST", "/api/user/password", json=body)).status == 200

    (session,) = await SessionRow.select(SessionRow.mfa_at).where(SessionRow.ended_at.is_null())
    assert session["mfa_at"] is None
