"""The modules of the plan RP-Initiated Logout of the OpenID conformance suite, by their names."""

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.support.relying_party import ISSUER, LOGGED_OUT, Answer, RelyingParty, unsigned

STATE = "s" * 128


async def is_logged_in(party: RelyingParty) -> bool:
    """Return whether the browser still has its session, as the suite finds out."""
    answer = await party.authorize(prompt="none")
    assert answer.error in {"", "login_required"}
    return answer.error == ""


def asks_first(answer: Answer) -> bool:
    return answer.address == "" and answer.page.outcome == (200, "logout", "")


async def confirm(party: RelyingParty, answer: Answer) -> Answer:
    return await party.walk(await party.visitor.submit(answer.page, "/account/logout", decision="yes"))


async def test_oidcc_rp_initiated_logout(party: RelyingParty) -> None:
    tokens, _ = await party.log_in()

    answer = await party.log_out(id_token_hint=tokens["id_token"], post_logout_redirect_uri=LOGGED_OUT, state=STATE)

    assert answer.page.status == httpx.codes.SEE_OTHER
    assert answer.address == f"{LOGGED_OUT}?state={STATE}"
    assert not await is_logged_in(party)


async def test_oidcc_rp_initiated_logout_no_state(party: RelyingParty) -> None:
    tokens, _ = await party.log_in()

    answer = await party.log_out(id_token_hint=tokens["id_token"], post_logout_redirect_uri=LOGGED_OUT)

    assert answer.address == LOGGED_OUT
    assert not await is_logged_in(party)


async def test_oidcc_rp_initiated_logout_bad_and_modified_id_token_hint(party: RelyingParty) -> None:
    tokens, claims = await party.log_in()
    key = generate_private_key(public_exponent=65537, key_size=2048)
    header = jwt.get_unverified_header(tokens["id_token"])
    forged = jwt.encode(claims, key, algorithm="RS256", headers=header)

    for hint in (forged, unsigned(claims), tokens["id_token"][:-4], tokens["access_token"], "no token"):
        answer = await party.log_out(id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT, state=STATE)

        assert answer.address == ""
        assert answer.page.outcome == (400, "refused-logout", "VALIDATION_ERROR")
        assert await is_logged_in(party)


@pytest.mark.parametrize("sends_client_id", [False, True])
async def test_oidcc_rp_initiated_logout_no_id_token_hint(party: RelyingParty, sends_client_id: bool) -> None:
    await party.log_in()
    client_id = party.client_id if sends_client_id else None

    answer = await party.log_out(post_logout_redirect_uri=LOGGED_OUT, state=STATE, client_id=client_id)

    assert answer.address == ""
    assert await is_logged_in(party)
    if sends_client_id:
        assert asks_first(answer)
        assert "Suite" in answer.page.text
        assert (await confirm(party, answer)).address == f"{LOGGED_OUT}?state={STATE}"
        assert not await is_logged_in(party)
    else:
        assert answer.page.status == httpx.codes.BAD_REQUEST


async def test_oidcc_rp_initiated_logout_bad_and_query_added_to_post_logout_redirect_uri(party: RelyingParty) -> None:
    tokens, _ = await party.log_in()

    for uri in ("https://rp.example.com/other", f"{LOGGED_OUT}?x=1", f"{LOGGED_OUT}/", "https://evil.example"):
        answer = await party.log_out(id_token_hint=tokens["id_token"], post_logout_redirect_uri=uri, state=STATE)

        assert (answer.address, answer.page.status) == ("", 400)
        assert await is_logged_in(party)


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(party: RelyingParty) -> None:
    tokens, _ = await party.log_in()

    answer = await party.log_out(id_token_hint=tokens["id_token"], state=STATE)

    assert (answer.address, answer.page.name) == ("", "login")
    assert not await is_logged_in(party)


@pytest.mark.parametrize("state", [None, STATE])
async def test_oidcc_rp_initiated_logout_only_state_and_no_params(party: RelyingParty, state: str | None) -> None:
    await party.log_in()

    answer = await party.log_out(state=state)

    assert asks_first(answer)
    assert await is_logged_in(party)
    assert (await confirm(party, answer)).page.name == "login"
    assert not await is_logged_in(party)


async def test_logout_discovery(party: RelyingParty) -> None:
    metadata = (await party.http.get("/.well-known/openid-configuration")).json()

    assert metadata["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"
