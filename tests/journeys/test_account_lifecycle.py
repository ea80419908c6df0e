"""An account from its registration to its deletion."""

from tests.support.actors import PASSWORD, Actor
from tests.support.rows import audit_actions


async def test_account_is_registered_used_and_deleted(ada: Actor) -> None:
    registered = await ada.register()
    assert registered.status == 201

    profile = await ada.profile()
    assert profile.json == {name: registered[name] for name in profile.json}
    assert profile["last_login"] is None

    logged_in = await ada.log_in()
    assert logged_in["user"]["last_login"] is not None

    refreshed = await ada.refresh()
    assert refreshed.status == 200
    assert refreshed["refresh_token"] != logged_in["refresh_token"]

    assert (await ada.profile()).status == 200
    assert (await ada.log_out()).status == 200
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")

    assert (await ada.log_in()).status == 200
    deleted = await ada.call("POST", "/api/user/delete", json={"current_password": PASSWORD})
    assert deleted.status == 204
    assert (await ada.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.log_in()).outcome == (401, "INVALID_CREDENTIALS")

    assert await audit_actions() == [
        "account:registered",
        "login:succeeded",
        "session:logged_out",
        "login:succeeded",
        "account:deleted",
        "login:failed",
    ]
