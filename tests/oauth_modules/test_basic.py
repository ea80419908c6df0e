"""The modules of the plan Basic OP of the OpenID conformance suite, by their names."""

import base64
import hashlib

import jwt
import pytest

from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.sessions.tables import SessionRow
from tests.oauth_modules.conftest import PartyFactory
from tests.support.aged_rows import ago
from tests.support.relying_party import CALLBACK, RelyingParty, unsigned
from tests.support.visitor import Page

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # of RFC 7636 Appendix B


async def age_login() -> None:
    """Let the person have logged in a minute ago."""
    await SessionRow.update({SessionRow.auth_time: ago(seconds=60)}, force=True)


async def test_oidcc_server(party: RelyingParty) -> None:
    answer = await party.authorize()
    tokens = await party.tokens(answer)
    claims = await party.verified(tokens)

    assert answer.shown == ["login", "consent"]
    assert claims["nonce"] == "nonce-of-the-client"
    assert tokens["scope"] == "openid"
    assert tokens["expires_in"] > 0
    assert (await party.userinfo(tokens)).json()["sub"] == claims["sub"]


async def test_oidcc_response_type_missing(party: RelyingParty) -> None:
    answer = await party.authorize(response_type=None)

    assert answer.parameters["error"] == "invalid_request"
    assert answer.parameters["state"] == "state of the client"


async def test_oidcc_idtoken_signature_and_kid(party: RelyingParty) -> None:
    tokens, _ = await party.log_in()  # verifies the signature by the key of this kid

    header = jwt.get_unverified_header(tokens["id_token"])
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")


async def test_oidcc_idtoken_unsigned_is_refused(party: RelyingParty) -> None:
    metadata = (await party.http.get("/.well-known/openid-configuration")).json()

    assert "none" not in metadata["id_token_signing_alg_values_supported"]


async def test_oidcc_userinfo_get_post_header_and_post_body(party: RelyingParty) -> None:
    tokens, claims = await party.log_in()

    by_get = await party.userinfo(tokens)
    by_header = await party.userinfo(tokens, "POST")
    by_body = await party.http.post("/oauth2/userinfo", data={"access_token": tokens["access_token"]})

    assert [each.status_code for each in (by_get, by_header, by_body)] == [200, 200, 200]
    assert by_get.json() == by_header.json() == by_body.json() == {"sub": claims["sub"]}
    assert by_get.headers["content-type"].partition(";")[0] == "application/json"


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party: RelyingParty) -> None:
    _, claims = await party.log_in(nonce=None)

    assert "nonce" not in claims


async def test_oidcc_scope_profile_scope_email_and_other_scope_order(party: RelyingParty) -> None:
    profile, _ = await party.log_in(scope="openid profile")
    email, _ = await party.log_in(scope="openid email")
    other_order, _ = await party.log_in(scope="email openid")

    shown = (await party.userinfo(profile)).json()
    assert (shown["preferred_username"], shown["name"]) == ("ada", "Ada Lovelace")
    assert isinstance(shown["updated_at"], int)
    assert not {"email", "email_verified"} & shown.keys()
    for tokens in (email, other_order):
        shown = (await party.userinfo(tokens)).json()
        assert (shown["email"], shown["email_verified"]) == ("ada@example.com", True)
        assert "preferred_username" not in shown


async def test_oidcc_display_page_display_popup_and_claims_locales(party: RelyingParty) -> None:
    for parameter in ({"display": "page"}, {"display": "popup"}, {"claims_locales": "de en"}):
        await party.log_in(**parameter)


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(party: RelyingParty) -> None:
    await party.log_in(extra="foobar")


async def test_oidcc_prompt_login(party: RelyingParty) -> None:
    _, first = await party.log_in()
    await age_login()
    _, aged = await party.log_in()

    answer = await party.authorize(prompt="login")
    claims = await party.verified(await party.tokens(answer))

    assert answer.shown == ["confirm"]
    assert claims["sub"] == first["sub"]
    assert claims["auth_time"] > aged["auth_time"]


async def test_oidcc_prompt_none_not_logged_in(party: RelyingParty) -> None:
    answer = await party.authorize(prompt="none")

    assert (answer.error, answer.shown) == ("login_required", [])
    assert answer.parameters["state"] == "state of the client"
    assert "code" not in answer.parameters


async def test_oidcc_prompt_none_logged_in(party: RelyingParty) -> None:
    _, first = await party.log_in()
    await age_login()
    _, aged = await party.log_in()

    answer = await party.authorize(prompt="none")
    claims = await party.verified(await party.tokens(answer))

    assert answer.shown == []
    assert (claims["sub"], claims["auth_time"]) == (first["sub"], aged["auth_time"])


@pytest.mark.parametrize("max_age", ["0", "1"])
async def test_oidcc_max_age_1(party: RelyingParty, max_age: str) -> None:
    await party.log_in()
    await age_login()
    _, aged = await party.log_in()

    answer = await party.authorize(max_age=max_age)
    claims = await party.verified(await party.tokens(answer))

    assert answer.shown == ["confirm"]
    assert claims["auth_time"] > aged["auth_time"]


async def test_oidcc_max_age_10000(party: RelyingParty) -> None:
    await party.log_in()
    await age_login()
    _, first = await party.log_in()

    answer = await party.authorize(max_age="10000")
    claims = await party.verified(await party.tokens(answer))

    assert (answer.shown, claims["auth_time"]) == ([], first["auth_time"])


async def test_oidcc_id_token_hint(party: RelyingParty) -> None:
    tokens, first = await party.log_in()

    answer = await party.authorize(prompt="none", id_token_hint=tokens["id_token"])
    claims = await party.verified(await party.tokens(answer))

    assert (answer.shown, claims["sub"]) == ([], first["sub"])


async def test_oidcc_login_hint(party: RelyingParty) -> None:
    page = await party.visitor.follow(
        await party.visitor.get("/oauth2/authorize", **party.request(login_hint="ada@example.com"))
    )
    answer = await party.walk(page)

    assert page.reader.inputs["identifier"]["value"] == "ada@example.com"
    assert answer.shown == ["login", "consent"]


async def test_oidcc_ui_locales(party: RelyingParty) -> None:
    page: Page = await party.visitor.follow(
        await party.visitor.get("/oauth2/authorize", **party.request(ui_locales="xx de-CH en"))
    )

    assert page.response.headers["Content-Language"] == "de"
    assert (await party.walk(page)).error == ""


async def test_oidcc_ensure_request_with_acr_values_succeeds(party: RelyingParty) -> None:
    _, claims = await party.log_in(acr_values="1 2")
    assert claims["acr"] == "aal1"

    _, claims = await party.log_in(acr_values="aal1 urn:unknown")
    assert claims["acr"] == "aal1"


@pytest.mark.parametrize("seconds", [0, 31])
async def test_oidcc_codereuse_and_codereuse_30seconds(party: RelyingParty, seconds: int) -> None:
    answer = await party.authorize()
    tokens = await party.tokens(answer)
    end = ago(seconds=seconds - 60)
    await OAuthRequestRow.update({OAuthRequestRow.code_expires_at: end}, force=True)

    again = await party.redeem(answer)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await party.userinfo(tokens)).status_code == 401
    assert await OAuthGrantRow.count().where(OAuthGrantRow.ended_at.is_null()) == 0


async def test_oidcc_ensure_registered_redirect_uri(party: RelyingParty) -> None:
    for uri in (f"{CALLBACK}/other", f"{CALLBACK}?x=1", "https://rp.example.com/", None):
        answer = await party.authorize(redirect_uri=uri)

        assert (answer.address, answer.page.status) == ("", 400)
        assert answer.page.error == "VALIDATION_ERROR"


async def test_oidcc_ensure_post_request_succeeds(party: RelyingParty) -> None:
    """Another site sends the form: without cookies, and from another origin."""
    cookies = dict(party.visitor.client.cookies)
    party.visitor.client.cookies.clear()
    stored = await party.visitor.post(
        "/oauth2/authorize",
        party.request(),
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://rp.example.com"},
    )
    party.visitor.client.cookies.update(cookies)

    answer = await party.walk(stored)

    assert stored.status == 303
    assert answer.shown == ["login", "consent"]
    await party.verified(await party.tokens(answer))


async def test_oidcc_server_client_secret_post(party: RelyingParty) -> None:
    party.sends_secret_in_form = True

    await party.log_in()


async def test_oidcc_unsigned_request_object_is_rejected_as_unsupported(party: RelyingParty) -> None:
    request = unsigned({"client_id": party.client_id, "redirect_uri": CALLBACK, "response_type": "code"})

    assert (await party.authorize(request=request)).error == "request_not_supported"
    assert (await party.authorize(request_uri="https://rp.example.com/request")).error == "request_uri_not_supported"


async def test_oidcc_refresh_token(party: RelyingParty, new_party: PartyFactory) -> None:
    other = await new_party(name="Second client")
    tokens, claims = await party.log_in(scope="openid offline_access", prompt="consent")
    others, _ = await other.log_in(scope="openid offline_access", prompt="consent")

    response = await party.call("/oauth2/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    refreshed = response.json()
    new_claims = await party.verified(refreshed)

    assert response.status_code == 200
    assert {name: new_claims[name] for name in ("iss", "sub", "aud", "auth_time")} == {
        name: claims[name] for name in ("iss", "sub", "aud", "auth_time")
    }
    assert "nonce" not in new_claims
    assert refreshed["access_token"] != tokens["access_token"]
    assert (await party.userinfo(refreshed)).json()["sub"] == claims["sub"]
    stolen = await party.call("/oauth2/token", grant_type="refresh_token", refresh_token=others["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(party: RelyingParty) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    answer = await party.authorize(code_challenge=challenge, code_challenge_method="S256")

    wrong = await party.redeem(answer, code_verifier=VERIFIER[::-1])
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    await party.verified(await party.tokens(answer, code_verifier=VERIFIER))
