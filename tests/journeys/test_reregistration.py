"""An e-mail address is registered again after the deletion of its account: no old token is valid."""

from collections.abc import Awaitable, Callable

from litestar import Litestar

from tests.conftest import http_client
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    report,
    resend,
    reset,
    undo,
    verify,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.secret_recorder import SecretRecorder

USES: tuple[Callable[[Actor, str], Awaitable[ApiResponse]], ...] = (verify, reset, confirm, undo, report)


async def test_tokens_of_a_deleted_account_are_invalid_after_a_new_registration(
    ada: Actor, app: Litestar, mailbox: Mailbox, secret_recorder: SecretRecorder
) -> None:
    access, refresh = await use_account(ada, app, mailbox, secret_recorder)
    mailed = [token_of(message) for message in mailbox.sent if "#token=" in message.text]
    assert len(mailed) == 12  # of every purpose without REGISTRATION_ENUMERATION_SAFE; some were not used

    await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})
    access.append(ada.access_token)
    refresh.append(ada.refresh_token)
    successor = Actor(ada.client, username="lovelace", email=ada.email, password="Third-Horse-9-Battery")
    assert (await successor.register()).status == 201

    for token in access:
        assert (await ada.profile(token)).outcome == (401, "TOKEN_REVOKED")
    for token in refresh:
        assert (await ada.try_refresh(token)).status == 401
    for token in mailed:
        for use in USES:
            assert (await use(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")
    assert (await ada.log_in(username=None, email=ada.email)).outcome == (401, "INVALID_CREDENTIALS")
    profile = await successor.profile()
    assert (profile["username"], profile["email"], profile["email_verified"]) == ("lovelace", ada.email, False)
    assert profile["id"] > 1


async def use_account(
    ada: Actor, app: Litestar, mailbox: Mailbox, secret_recorder: SecretRecorder
) -> tuple[list[str], list[str]]:
    """Use all features of an account, which has its first e-mail address at the end; return its old tokens."""
    access: list[str] = []
    refresh: list[str] = []

    def keep() -> None:
        access.append(ada.access_token)
        refresh.append(ada.refresh_token)

    await ada.register()
    keep()
    await mailbox.collect()
    await resend(ada, ada.email)
    assert (await verify(ada, await mailbox.token(), bearer=ada.access_token)).status == 200
    async with http_client(app, secret_recorder, client_ip="198.51.100.9") as opened:
        await Actor(opened).log_in()
    await mailbox.collect()
    await forgot(ada, ada.email)
    assert (await reset(ada, await mailbox.token())).status == 200
    ada.password = NEW_PASSWORD
    await mailbox.collect()
    await ada.log_in()
    keep()
    assert (await change_password(ada, "Fourth-Horse-2-Battery")).status == 200
    await mailbox.collect()
    await change_email(ada, "elsewhere@example.org")
    assert (await confirm(ada, await mailbox.token(), bearer=ada.access_token)).status == 200
    assert (await undo(ada, await mailbox.token())).status == 200
    assert (await reset(ada, await mailbox.token(), NEW_PASSWORD)).status == 200
    ada.password = NEW_PASSWORD
    await mailbox.collect()
    await ada.log_in()
    await change_email(ada, "elsewhere@example.org")
    await forgot(ada, ada.email)
    await mailbox.collect()
    return access, refresh
