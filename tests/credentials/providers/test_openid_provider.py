"""A provider of OpenID Connect without a preset: what is sent, and what is believed."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderErrorException,
    ProviderUnavailableException,
)
from auth_api.credentials.providers.openid import MAX_REREADS, OpenIdProvider
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.provider import AuthorizationResponse, UpstreamIdentity
from auth_api.kit.outbound.client import OutboundResponse
from tests.support.fake_upstream import (
    ACCESS_TOKEN,
    CLAIMS,
    ISSUER,
    METADATA,
    NOW,
    REQUEST,
    RESPONSE,
    SETTINGS,
    FakeDiscovery,
    FakeKeys,
    FakeUpstream,
)
from tests.support.log_lines import logged
from tests.support.upstream.keys import UpstreamKey

pytestmark = pytest.mark.engine_independent

replace = msgspec.structs.replace


def provider(upstream: FakeUpstream, **changed: Any) -> OpenIdProvider:
    """Return a provider with these settings."""
    return OpenIdProvider(
        settings=replace(SETTINGS, **changed),
        calls=upstream,
        clock=lambda: NOW,
        discovery=FakeDiscovery(upstream),
        keys=FakeKeys(upstream),
    )


async def proved(
    claims: Mapping[str, Any], response: AuthorizationResponse = RESPONSE, **settings: Any
) -> UpstreamIdentity:
    """Return the identity that an ID token with these claims proves."""
    upstream = FakeUpstream()
    upstream.will_prove(claims)
    return await provider(upstream, **settings).prove(response)


async def test_log_in_page_gets_all_parameters() -> None:
    upstream = FakeUpstream()
    request = replace(REQUEST, login_hint="ada@example.com", prompt="login")

    url = urlsplit(await provider(upstream).authorization_url(request))

    assert f"{url.scheme}://{url.netloc}{url.path}" == METADATA.authorization_endpoint
    assert dict(parse_qsl(url.query, strict_parsing=True)) == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": REQUEST.redirect_uri,
        "scope": "openid email",
        "state": REQUEST.state,
        "nonce": REQUEST.nonce,
        "code_challenge": REQUEST.code_challenge,
        "code_challenge_method": "S256",
        "login_hint": "ada@example.com",
        "prompt": "login",
        "max_age": "0",
    }
    chosen = await provider(upstream).authorization_url(replace(REQUEST, prompt="select_account"))
    assert chosen.endswith("&prompt=select_account")
    upstream.metadata = replace(METADATA, authorization_endpoint=f"{ISSUER}?flow=1")
    assert (await provider(upstream).authorization_url(REQUEST)).startswith(f"{ISSUER}?flow=1&response_type=code&")


async def test_id_token_proves_an_identity() -> None:
    upstream = FakeUpstream()
    upstream.will_prove({**CLAIMS, "auth_time": NOW.timestamp() - 7})

    identity = await provider(upstream).prove(RESPONSE)

    assert identity == UpstreamIdentity(
        provider="acme",
        issuer=ISSUER,
        subject="248289761001",
        email="ada@example.com",
        is_email_proven=True,
        username="ada",
        name="Ada Example",
        roles=None,
        auth_time=NOW - timedelta(seconds=7),
    )
    url, headers, fields = upstream.sent("token")
    assert url == METADATA.token_endpoint
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == b"client:hunter2"
    assert fields == {
        "grant_type": "authorization_code",
        "code": "a-code",
        "redirect_uri": REQUEST.redirect_uri,
        "code_verifier": RESPONSE.code_verifier,
    }
    assert [call[0] for call in upstream.calls] == ["token"]


async def test_client_is_authenticated_as_the_provider_wants() -> None:
    """In the header, id and secret are form-encoded first (RFC 6749 §2.3.1)."""
    odd = {"client_id": "a:b c", "client_secret": "p%w+d/é"}
    for methods, secret, header, fields in (
        ((), odd["client_secret"], b"a%3Ab+c:p%25w%2Bd%2F%C3%A9", {}),
        (("client_secret_post", "client_secret_basic"), odd["client_secret"], b"a%3Ab+c:p%25w%2Bd%2F%C3%A9", {}),
        (("client_secret_post",), odd["client_secret"], b"", odd),
        (("private_key_jwt",), odd["client_secret"], b"", odd),
        (("client_secret_basic",), "", b"", {"client_id": odd["client_id"]}),
    ):
        upstream = FakeUpstream(metadata=replace(METADATA, token_endpoint_auth_methods_supported=methods))
        upstream.will_prove({**CLAIMS, "aud": odd["client_id"]})

        await provider(upstream, client_id=odd["client_id"], client_secret=secret).prove(RESPONSE)

        _, headers, sent = upstream.sent("token")
        assert b64decode(headers.get("authorization", "").removeprefix("Basic ")) == header
        assert {name: sent[name] for name in sent if name.startswith("client")} == fields


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": f"{ISSUER}x"}, ProviderErrorException),
        ({"iss": ISSUER.rstrip("/")}, ProviderErrorException),
        ({"iss": "https://other.example", "error": "access_denied"}, ProviderErrorException),
        ({"error": "access_denied"}, ProviderDeniedException),
        ({"error": "temporarily_unavailable"}, ProviderUnavailableException),
        ({"error": "server_error"}, ProviderUnavailableException),
        ({"error": "login_required"}, ProviderErrorException),
        ({"error": "", "code": "a"}, ProviderErrorException),
        ({"code": None}, ProviderErrorException),
        ({"code": ""}, ProviderErrorException),
        ({"code": "a b"}, ProviderErrorException),
        ({"code": "\u00e9"}, ProviderErrorException),
        ({"code": "a" * 2049}, ProviderErrorException),
    ],
    ids=str,
)
async def test_bad_response_ends_before_the_first_call(changed: dict[str, Any], error: type[Exception]) -> None:
    upstream = FakeUpstream()
    with pytest.raises(error):
        await provider(upstream).prove(replace(RESPONSE, **changed))

    assert upstream.calls == []


@pytest.mark.parametrize(("sent", "logged"), [("invalid_scope", "invalid_scope"), ("<b>", "error"), ("", "error")])
async def test_error_of_a_response_is_named_in_the_log_if_it_is_known(sent: str, logged: str) -> None:
    with pytest.raises(ProviderErrorException) as raised:
        await provider(FakeUpstream()).prove(replace(RESPONSE, error=sent))

    assert str(raised.value.__cause__) == f"response.{logged}"


async def test_promised_issuer_must_be_in_the_response() -> None:
    upstream = FakeUpstream(metadata=replace(METADATA, authorization_response_iss_parameter_supported=True))
    upstream.will_prove(CLAIMS)
    for response in (RESPONSE, replace(RESPONSE, code=None, error="access_denied")):
        with pytest.raises(ProviderErrorException):
            await provider(upstream).prove(response)
    assert upstream.calls == []

    assert (await provider(upstream).prove(replace(RESPONSE, iss=ISSUER))).subject == CLAIMS["sub"]


@pytest.mark.parametrize(
    "answer",
    [
        OutboundResponse(400, {}, {"error": "invalid_grant"}),
        OutboundResponse(401, {}, []),
        [],
        None,
        "hunter2",
        {"error": "hunter2"},
        {"error": ["hunter2"]},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a\r\nhunter2: b"},
        {"access_token": 7},
        {"token_type": None},
        {"token_type": "DPoP"},
        {"token_type": ["Bearer"]},
        {"id_token": None},
        {"id_token": "hunter2"},
        {"id_token": {"hunter2": 1}},
    ],
    ids=str,
)
async def test_bad_answer_to_the_token_request_is_refused(answer: Any) -> None:
    upstream = FakeUpstream()
    upstream.will_prove(CLAIMS)
    upstream.answers["token"] = {**upstream.answers["token"], **answer} if isinstance(answer, dict) else answer

    with logged("WARNING") as lines, pytest.raises(ProviderErrorException):
        await provider(upstream).prove(RESPONSE)

    assert [line["event"] for line in lines] == ["provider:answer_refused"]
    assert "hunter2" not in str(lines)


async def test_tokens_with_an_error_status_are_refused() -> None:
    upstream = FakeUpstream()
    upstream.will_prove(CLAIMS)
    upstream.answers["token"] = OutboundResponse(400, {}, upstream.answers["token"])

    with pytest.raises(ProviderErrorException):
        await provider(upstream).prove(RESPONSE)


async def test_wrong_client_is_an_error_for_the_operator() -> None:
    upstream = FakeUpstream(answers={"token": OutboundResponse(401, {}, {"error": "invalid_client"})})

    with logged("ERROR") as lines, pytest.raises(ProviderErrorException):
        await provider(upstream).prove(RESPONSE)

    assert [(line["reason"], line["provider"]) for line in lines] == [("token.invalid_client", "acme")]


@pytest.mark.parametrize(
    "changed",
    [{"iss": ISSUER.rstrip("/")}, {"iss": f"{ISSUER}/"}, {"iss": None}, {"iss": [ISSUER]}, {"nonce": "x"}, {"sub": 7}],
    ids=str,
)
async def test_wrong_claim_of_the_id_token_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ProviderErrorException):
        await proved({**CLAIMS, **changed})


async def test_new_key_of_the_provider_is_fetched_once() -> None:
    """Also one with the id of an old one."""
    old, new = UpstreamKey(algorithm="RS256"), UpstreamKey(algorithm="RS256", number=2)
    for kept in ([], [old.jwk], [{**old.jwk, "kid": "other"}]):
        upstream = FakeUpstream(keys=kept or [{"kty": "unknown"}], next_keys=[old.jwk | {"kid": "other"}, new.jwk])
        upstream.will_prove(CLAIMS, new)
        assert (await provider(upstream).prove(RESPONSE)).subject == CLAIMS["sub"]
        assert upstream.rereads == 1

    upstream = FakeUpstream(keys=[old.jwk])
    upstream.will_prove(CLAIMS, new)
    with pytest.raises(ProviderErrorException):
        await provider(upstream).prove(RESPONSE)
    assert upstream.rereads == MAX_REREADS


async def test_address_is_proven_only_by_true_of_a_trusted_provider() -> None:
    assert (await proved(CLAIMS)).is_email_proven
    assert not (await proved(CLAIMS, trust_email=False)).is_email_proven
    for value in ("true", 1, False, None, [True], "True"):
        assert not (await proved({**CLAIMS, "email_verified": value})).is_email_proven
    without = {name: value for name, value in CLAIMS.items() if name != "email_verified"}
    assert not (await proved(without)).is_email_proven


async def test_text_that_cannot_be_stored_is_left_out() -> None:
    for value in (7, "", ["a@example.com"], "a" * 255, "a\0b", "a\u202eb", None):
        identity = await proved({**CLAIMS, "email": value, "name": value, "preferred_username": value})
        assert (identity.email, identity.name, identity.username) == (None, None, None)
        assert not identity.is_email_proven


WITHOUT_EMAIL = {name: value for name, value in CLAIMS.items() if not name.startswith("email")}


async def with_userinfo(claims: Mapping[str, Any], userinfo: Any, **settings: Any) -> UpstreamIdentity:
    """Return the identity that ID token and user info prove."""
    upstream = FakeUpstream(answers={"userinfo": userinfo})
    upstream.will_prove(claims)
    identity = await provider(upstream, **settings).prove(RESPONSE)
    url, headers, _ = upstream.sent("userinfo")
    assert (url, headers) == (METADATA.userinfo_endpoint, {"authorization": f"Bearer {ACCESS_TOKEN}"})
    return identity


async def test_missing_address_is_read_from_the_user_info() -> None:
    userinfo = {"sub": CLAIMS["sub"], "email": "grace@example.com", "email_verified": True, "name": "Grace"}

    identity = await with_userinfo(WITHOUT_EMAIL, userinfo)

    assert (identity.email, identity.is_email_proven, identity.name) == ("grace@example.com", True, "Ada Example")


async def test_address_and_its_flag_come_from_one_document() -> None:
    """CVE-2026-14781: the flag of one document must not prove the address of another one."""
    unproven = {"sub": CLAIMS["sub"], "email": "grace@example.com"}

    from_userinfo = await with_userinfo({**WITHOUT_EMAIL, "email_verified": True}, unproven)
    from_id_token = await with_userinfo(
        {**WITHOUT_EMAIL, "email": "ada@example.com"},
        {**unproven, "email_verified": True, "groups": []},
        role_claim="groups",
    )

    assert (from_userinfo.email, from_userinfo.is_email_proven) == ("grace@example.com", False)
    assert (from_id_token.email, from_id_token.is_email_proven) == ("ada@example.com", False)


async def test_user_info_of_another_subject_is_refused() -> None:
    refused: tuple[Any, ...] = (
        {"sub": "other", "email": "grace@example.com"},
        {"email": "grace@example.com"},
        {"sub": 248289761001},
        [],
        OutboundResponse(403, {}, {"sub": CLAIMS["sub"]}),
    )
    for userinfo in refused:
        with pytest.raises(ProviderErrorException):
            await with_userinfo(WITHOUT_EMAIL, userinfo)


async def test_provider_without_user_info_gives_no_address() -> None:
    upstream = FakeUpstream(metadata=replace(METADATA, userinfo_endpoint=None))
    upstream.will_prove(WITHOUT_EMAIL)

    assert (await provider(upstream).prove(RESPONSE)).email is None


async def test_time_of_the_login_is_that_of_the_provider_but_never_later_than_now() -> None:
    assert (await proved(CLAIMS)).auth_time is None
    assert (await proved({**CLAIMS, "auth_time": NOW.timestamp() + 1e300})).auth_time == NOW


async def test_required_login_must_be_new() -> None:
    response = replace(RESPONSE, requires_new_login=True)
    started = RESPONSE.started_at.timestamp()

    assert (await proved({**CLAIMS, "auth_time": started - 60}, response)).auth_time is not None
    assert (await proved({**CLAIMS, "auth_time": started - 61})).auth_time is not None
    with pytest.raises(ProviderErrorException):
        await proved({**CLAIMS, "auth_time": started - 61}, response)


MAP = {"staff": ("support", "auditor"), "boss": ("auditor",)}


async def roles_of(claims: Mapping[str, Any], claim: str = "groups") -> tuple[str, ...] | None:
    """Return the roles that the claims yield, with an empty user info."""
    upstream = FakeUpstream(answers={"userinfo": {"sub": CLAIMS["sub"]}})
    upstream.will_prove({**CLAIMS, **claims})
    return (await provider(upstream, role_claim=claim, role_map=MAP).prove(RESPONSE)).roles


async def test_claim_gives_the_roles_of_the_map() -> None:
    for claims, claim in (
        ({"groups": ["boss", "other", "staff", "Staff"]}, "groups"),
        ({"realm_access": {"roles": ["boss", "staff"]}}, "realm_access.roles"),
        ({"https://acme.example/groups": ["boss", "staff"]}, "https://acme.example/groups"),
        ({"a.b": ["boss", "staff"], "a": {"b": ["other"]}}, "a.b"),
    ):
        assert await roles_of(claims, claim) == ("auditor", "support")
    assert await roles_of({"groups": "boss"}) == ("auditor",)
    assert await roles_of({"groups": []}) == ()


async def test_claim_that_is_absent_or_malformed_gives_no_roles() -> None:
    for claims in (
        {},
        {"groups": None},
        {"groups": {"staff": 1}},
        {"groups": ["staff", 7]},
        {"groups": ["staff", "a" * 256]},
        {"groups": ["staff"] * 201},
        {"groups.x": ["staff"]},
        {"_claim_names": {"groups": "src1"}},
    ):
        with logged("WARNING") as lines:
            assert await roles_of(claims) == ()
        assert [line["event"] for line in lines] == ["provider:roles_missing"]


async def test_missing_role_claim_is_read_from_the_user_info() -> None:
    userinfo = {"sub": CLAIMS["sub"], "groups": ["staff"], "email": "grace@example.com", "email_verified": True}

    identity = await with_userinfo(CLAIMS, userinfo, role_claim="groups", role_map=MAP)

    assert (identity.roles, identity.email) == (("support", "auditor"), "ada@example.com")


def test_settings_of_a_provider_show_no_secret() -> None:
    assert "hunter2" not in f"{ProviderSettings(id='a', client_secret='hunter2')!r} {SETTINGS}"
