"""ASVS 5.0 V1.1.1, V2.2.1: every generated identifier has one canonical form or is rejected."""

import re
import unicodedata
from collections.abc import Callable

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auth_api.kit.errors import ValidationException
from auth_api.users.identifiers import canonical_email, canonical_username, new_username, parse_identifier
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.generated_input import FUNCTION_EXAMPLES, REQUEST_EXAMPLES, cases, stop_recording_secrets

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{1,48}[a-z0-9])")
# Dotted and dotless i, Kelvin, long s, composed and decomposed é, lookalikes of % @ . and a full stop, a bidirectional
# override, a soft hyphen, a zero-width space.
CONFUSABLE = "\u0130\u0131\u212a\u017f\u00e9e\u0301\uff05\uff20\u3002\uff0e\u202e\u00ad\u200b"
NEAR_USERNAMES = st.text(st.sampled_from("adAD09_.-@+ \t\0" + CONFUSABLE), max_size=60) | st.from_regex(
    r"[A-Za-z0-9_.-]{2,52}", fullmatch=True
)
LABELS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
LOCAL_PARTS = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,66}(\.[A-Za-z]{1,9})?", fullmatch=True)
STRANGE_TEXTS = st.text(
    st.sampled_from('aZ0.@"\\ ()<>[]:;,\t\n\0' + CONFUSABLE) | st.characters(codec="utf-8"), min_size=1, max_size=20
)
NEAR_EMAILS = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}",
    LOCAL_PARTS | STRANGE_TEXTS,
    st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: [*labels, "com"])
    | st.lists(LABELS | STRANGE_TEXTS, min_size=1, max_size=4),
)


@pytest.fixture(autouse=True)
def unrecorded(client: httpx.AsyncClient) -> None:
    stop_recording_secrets(client)


def form_of(canonical: Callable[[str], str], raw: str) -> str | None:
    """Return the canonical form, or None if the text is rejected, which is the only allowed error."""
    try:
        return canonical(raw)
    except ValidationException:
        return None


@cases(FUNCTION_EXAMPLES)
@given(st.text(max_size=80) | NEAR_USERNAMES)
@example("\u212aelvin")
@example("\u017fam")
@example("\u0130stanbul")
@example("a" * 51)
@example("ada\n")
def test_username_is_canonical_or_rejected(raw: str) -> None:
    form = form_of(canonical_username, raw)

    if form is not None:
        assert USERNAME.fullmatch(form)
        assert form == raw.lower()
        assert raw.isascii()
        assert form_of(canonical_username, form) == form
        assert form_of(new_username, raw) in {None, form}


@cases(FUNCTION_EXAMPLES)
@given(st.text(max_size=80) | NEAR_USERNAMES | NEAR_EMAILS)
@example("ada@example.com,eve@example.com")
@example("ada@example.com\r\nBcc: eve@example.com")
@example("ada\uff20example.com")
@example("ada@example\u3002com")
@example("ada@exa\u00admple.com")
@example("\ufb01ona@example.com")
@example('"ada@evil"@example.com')
@example("ada@[127.0.0.1]")
@example("ada@xn--80ak6aa92e.com")
@example("a" * 65 + "@example.com")
def test_email_is_canonical_or_rejected(raw: str) -> None:
    form = form_of(canonical_email, raw)

    if form is not None:
        local, _, domain = form.partition("@")
        assert form.isascii()
        assert form.isprintable()
        assert form.count("@") == raw.count("@") == 1
        assert len(form) <= 254
        assert len(local) <= 64
        assert local == raw.partition("@")[0].lower()
        assert domain == domain.lower()
        assert form_of(canonical_email, form) == form


@cases(FUNCTION_EXAMPLES)
@given(NEAR_EMAILS)
def test_email_in_any_case_has_the_same_canonical_form(raw: str) -> None:
    form = form_of(canonical_email, raw)

    if form is not None:
        assert form_of(canonical_email, form.upper()) == form
        assert form_of(canonical_email, form.swapcase()) == form


@cases(FUNCTION_EXAMPLES)
@given(st.text(max_size=80) | NEAR_USERNAMES | NEAR_EMAILS)
def test_unicode_folding_never_results_in_another_identifier(raw: str) -> None:
    """CVE-2019-19844: a text that only becomes equal by NFKC or lower-casing is rejected."""
    for canonical in (canonical_username, canonical_email):
        folded = unicodedata.normalize("NFKC", raw).lower()
        form = form_of(canonical, raw)
        if form is not None and "@" not in raw:
            assert folded == form


@cases(FUNCTION_EXAMPLES)
@given(st.text(max_size=300) | NEAR_USERNAMES | NEAR_EMAILS)
def test_parsed_identifier_is_the_same_for_every_spelling(raw: str) -> None:
    text = parse_identifier(email=None, username=raw).text

    assert parse_identifier(email=None, username=text).text == text
    if raw.isascii():
        assert parse_identifier(email=None, username=text.swapcase()).text in {text, text.swapcase()}


@cases(REQUEST_EXAMPLES)
@given(st.text(max_size=60) | NEAR_USERNAMES | NEAR_EMAILS, st.text(max_size=60) | NEAR_USERNAMES)
async def test_registration_with_any_identifiers_succeeds_or_is_refused(ada: Actor, email: str, username: str) -> None:
    """After a registration, the identifiers log in as they were entered."""
    response = await ada.register(email=email, username=username)

    if response.status == 201:
        assert (await ada.log_in(username=username)).status == 200
        assert (await ada.log_in(username=None, email=email)).status == 200
        await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})
    else:
        assert response.outcome in {(400, "VALIDATION_ERROR"), (400, "WEAK_PASSWORD"), (400, "MALFORMED_REQUEST")}


@cases(REQUEST_EXAMPLES)
@given(st.text(max_size=300) | NEAR_USERNAMES | NEAR_EMAILS, st.text(max_size=100))
async def test_login_with_any_text_is_refused(ada: Actor, identifier: str, password: str) -> None:
    response = await ada.log_in(username=identifier, password=password)

    assert response.outcome in {(401, "INVALID_CREDENTIALS"), (400, "VALIDATION_ERROR"), (400, "MALFORMED_REQUEST")}


@pytest.mark.parametrize(
    "text",
    [
        "' OR '1'='1",
        "ada'--",
        "ada'; DROP TABLE users; --",
        "ada\\'; SELECT pg_sleep(10); --",
        "{}",
        "{0}",
        "%s",
        "$1",
        "ada%",
        "\\",
        "$(id)",
        "`id`",
        "{{7*7}}",
        "ada\r\nX-Injected: 1",
    ],
)
async def test_identifier_is_never_interpreted_as_sql_or_a_template(user_factory: UserFactory, text: str) -> None:
    """ASVS 5.0 V1.2.4."""
    ada = await user_factory()

    responses = [
        await ada.log_in(username=text),
        await ada.log_in(username=None, email=text),
        await ada.log_in(password=text),
        await ada.try_refresh(text),
        await ada.call("PATCH", "/api/user/profile", json={"username": text}),
        await ada.call("GET", "/api/user/sessions", params={"cursor": text}),
        await ada.call("GET", "/api/user/audit-log", params={"cursor": text, "limit": text}),
    ]

    assert [response.status for response in responses] == [401, 401, 401, 401, 400, 400, 400]
    assert "x-injected" not in responses[0].response.headers
    assert (await ada.profile())["username"] == "ada"


async def test_underscore_matches_only_itself(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.log_in(username="a_a")).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(username=None, email="a_a@example.com")).outcome == (401, "INVALID_CREDENTIALS")
