"""Both clients with a real server, on each database."""

from pathlib import Path
from typing import Any, Final

import pytest

from auth_api_sdk import AuthError, MemoryStore, SignedOut, Tokens
from auth_api_sdk.models import LoggedIn
from tests.sdk.python.fake_server import settled
from tests.sdk.python.real_server import Clients
from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.hand_off import handed_over
from tests.support.visitor import Visitor
from tests.support.walkthrough import blocks

README: Final = (Path(__file__).parents[3] / "clients" / "python" / "README.md").read_text(encoding="utf-8")

FORCED: Final = 9999.0
"""Seconds for which no access token is valid: asks for a refresh."""


async def outcome(session: Any, work: Any) -> str:
    """Return the reason for which a session has ended."""
    with pytest.raises(SignedOut) as caught:
        await settled(session.call(work))
    return caught.value.reason


async def test_user_registers_changes_the_account_and_logs_out(clients: Clients) -> None:
    client = clients.client
    name = clients.new_name()
    registered = await settled(client.register(email=f"{name}@example.com", username=name, password=PASSWORD))
    session = client.session(MemoryStore())
    await settled(session.adopt(registered.tokens))

    with pytest.raises(AuthError, match="INVALID_CREDENTIALS"):
        await settled(client.login(name, "a-wrong-password"))
    with pytest.raises(AuthError) as caught:
        await settled(client.register(email="no address", username="-", password="short"))
    assert {each["field"] for each in caught.value.errors} == {"email", "username", "password"}

    assert (await settled(session.call(client.profile))).username == name
    changed = await settled(session.call(lambda token: client.update_profile(token, display_name="Ada L.")))
    removed = await settled(session.call(lambda token: client.update_profile(token, display_name=None)))
    assert (changed.display_name, removed.display_name) == ("Ada L.", None)

    other = await settled(client.login(f"{name}@example.com", PASSWORD))
    listed = await settled(session.call(client.sessions))
    assert [each.current for each in listed.items].count(True) == 1
    (other_id,) = [each.id for each in listed.items if not each.current]
    await settled(session.call(lambda token: client.end_session(token, other_id)))
    with pytest.raises(AuthError, match="TOKEN_REVOKED"):
        await settled(client.profile(other.tokens.access_token))

    new = "Another-Horse-8-Staple"
    await settled(session.call(lambda token: client.change_password(token, new, current_password=PASSWORD)))
    assert (await settled(session.call(client.profile))).username == name
    await settled(session.logout())
    with pytest.raises(SignedOut):
        await settled(session.access_token())
    assert isinstance(await settled(client.login(name, new)), LoggedIn)


async def test_second_factor_completes_a_login_and_a_step_up(clients: Clients) -> None:
    client = clients.client
    name, session, _ = await clients.log_in()
    await clients.verify_email(name)
    begun = await settled(session.request("POST", "/api/user/totp", json={}))
    app = AuthenticatorApp(begun["secret"])
    confirmed = await settled(session.request("POST", "/api/user/totp/confirm", json={"code": app.code()}))
    assert await settled(session.access_token()) == confirmed["access_token"]

    with pytest.raises(AuthError) as caught:
        await settled(client.login(name, PASSWORD))
    assert (caught.value.code, caught.value.status) == ("MFA_REQUIRED", 403)
    assert caught.value.problem["methods"] == ["totp", "recovery_code"]
    mfa_token = caught.value.problem["mfa_token"]
    with pytest.raises(AuthError, match="FACTOR_INVALID"):
        await settled(client.mfa(mfa_token, "totp", code="00000"))
    code = confirmed["recovery_codes"][0]
    logged_in = await settled(client.mfa(mfa_token, "recovery_code", code=code))
    assert (logged_in.acr, logged_in.recovery_codes_left) == ("aal2", 9)

    stepped_up = await settled(session.call(lambda token: client.step_up(token, "totp", code=app.code())))
    assert await settled(session.access_token()) == stepped_up.access_token
    await settled(session.access_token(min_seconds=FORCED))  # the refresh token has stayed valid


async def test_lost_response_of_a_refresh_does_not_end_the_session(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clients.behind_proxy() as (proxy, client):
        _, _, store = await clients.log_in()
        session = client.session(store)
        before = store.load()
        proxy.cut_after = b"/api/auth/refresh"

        async def restore(_: float) -> None:
            proxy.cut_after = None

        monkeypatch.setattr("auth_api_sdk.async_client.sleep", restore)
        monkeypatch.setattr("auth_api_sdk.client.sleep", lambda _: setattr(proxy, "cut_after", None))
        token = await settled(session.access_token(min_seconds=FORCED))
        assert proxy.cuts == 1
        after = store.load()
        assert isinstance(after, Tokens)
        assert after != before
        assert token == after.access_token
        assert await settled(session.access_token(min_seconds=FORCED)) != token


async def test_used_refresh_token_of_a_thief_ends_the_session(clients: Clients) -> None:
    _, session, store = await clients.log_in()
    stolen = MemoryStore(store.load())
    await settled(session.access_token(min_seconds=FORCED))
    await settled(session.access_token(min_seconds=FORCED))
    with pytest.raises(SignedOut) as caught:
        await settled(clients.client.session(stolen).access_token(min_seconds=FORCED))
    assert caught.value.reason == "reused"
    assert await outcome(session, clients.client.profile) == "revoked"
    assert (stolen.load(), store.load()) == (None, None)


async def test_log_out_everywhere_ends_other_sessions(clients: Clients) -> None:
    client = clients.client
    name, first, _ = await clients.log_in()
    second, third = [client.session(MemoryStore((await settled(client.login(name, PASSWORD))).tokens)) for _ in "23"]
    ended = await settled(first.call(lambda token: client.logout_all(token, keep_current=True)))
    assert ended == 2
    assert (await settled(first.call(client.profile))).username == name
    assert await outcome(second, client.profile) == "revoked"
    with pytest.raises(SignedOut) as caught:
        await settled(third.access_token(min_seconds=FORCED))
    assert caught.value.reason == "revoked"


async def test_hosted_login_is_exchanged_once_and_only_with_its_verifier(clients: Clients) -> None:
    client = clients.client
    name, _, _ = await clients.log_in()
    return_to = clients.return_to
    url, verifier = client.sign_in_url(return_to, login_hint=name)
    async with clients.browser() as browser:
        visitor = Visitor(browser, username=name)
        page = await visitor.get(url.removeprefix(clients.server.url))
        assert page.reader.inputs["identifier"]["value"] == name
        page = await visitor.submit(page, "/account/login", identifier=name, password=PASSWORD)
        code = handed_over(page, return_to)
    _, other_verifier = client.sign_in_url(return_to)
    with pytest.raises(AuthError, match="FLOW_INVALID"):
        await settled(client.exchange(code, other_verifier))
    logged_in = await settled(client.exchange(code, verifier))
    assert logged_in.user.username == name
    with pytest.raises(AuthError, match="FLOW_INVALID"):
        await settled(client.exchange(code, verifier))
    assert client.sign_out_url(return_to).startswith(f"{clients.server.url}/account/logout?return_to=")


@pytest.mark.parametrize("clients", ["sync"], indirect=True)
async def test_examples_of_the_readme_run(
    clients: Clients, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _, _ = await clients.log_in()
    code, verification = blocks(README, "python")
    for written, used in (
        ("https://auth.example.com", clients.server.url),
        ("a password", PASSWORD),
        ('"ada"', f'"{name}"'),
    ):
        assert written in code
        code = code.replace(written, used)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - the documentation
    monkeypatch.setenv("AUTH_API_KEY", "auth_svc_unused")
    exec(compile(verification, "README.md", "exec"), {})  # noqa: S102 - as above
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == name
    assert "'two_step': False" in lines[1]
