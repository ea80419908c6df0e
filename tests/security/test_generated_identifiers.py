"""ASVS 5.0 V1.1.1, V2.2.1: whatever somebody types, a name has one form or is refused."""

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
from tests.support.generated_input import BODIES, VALUES, cases, unwatched

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{1,48}[a-z0-9])")
# Dotted and dotless i, Kelvin, long s, é in one and in two, signs that look like % @ . 。, an override, a soft hyphen.
ODD = "\u0130\u0131\u212a\u017f\u00e9e\u0301\uff05\uff20\u3002\uff0e\u202e\u00ad\u200b"
ALMOST = st.text(st.sampled_from("adAD09_.-@+ \t\0" + ODD), max_size=60) | st.from_regex(
    r"[A-Za-z0-9_.-]{2,52}", fullmatch=True
)
LABEL = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,66}(\.[A-Za-z]{1,9})?", fullmatch=True)
STRANGE = st.text(st.sampled_from('aZ0.@"\\ ()<>[]:;,\t\n\0' + ODD) | st.characters(), min_size=1, max_size=20)
ADDRESS = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}",
    LOCAL | STRANGE,
    st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: [*labels, "com"])
    | st.lists(LABEL | STRANGE, min_size=1, max_size=4),
)


@pytest.fixture(autouse=True)
def generated_texts(client: httpx.AsyncClient) -> None:
    unwatched(client)


def form_of(canonical: Callable[[str], str], raw: str) -> str | None:
    """Return the one form, or None for a refusal, which is the only error there may be."""
    try:
        return canonical(raw)
    except ValidationException:
        return None


@cases(VALUES)
@given(st.text(max_size=80) | ALMOST)
@example("\u212aelvin")
@example("\u017fam")
@example("\u0130stanbul")
@example("a" * 51)
@example("ada\n")
def test_a_username_is_one_of_a_small_alphabet_or_refused(raw: str) -> None:
    form = form_of(canonical_username, raw)

    if form is not None:
        assert USERNAME.fullmatch(form)
        assert form == raw.lower()
        assert raw.isascii()
        assert form_of(canonical_username, form) == form
        assert form_of(new_username, raw) in {None, form}


@cases(VALUES)
@given(st.text(max_size=80) | ALMOST | ADDRESS)
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
def test_an_address_is_in_one_form_that_can_be_written_to_or_refused(raw: str) -> None:
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


@cases(VALUES)
@given(ADDRESS)
def test_the_case_of_an_address_makes_no_other_address(raw: str) -> None:
    form = form_of(canonical_email, raw)

    if form is not None:
        assert form_of(canonical_email, form.upper()) == form
        assert form_of(canonical_email, form.swapcase()) == form


@cases(VALUES)
@given(st.text(max_size=80) | ALMOST | ADDRESS)
def test_a_normal_form_never_makes_somebody_elses_name(raw: str) -> None:
    """CVE-2019-19844: what looks the same after NFKC or lower-casing is not the same."""
    for canonical in (canonical_username, canonical_email):
        folded = unicodedata.normalize("NFKC", raw).lower()
        form = form_of(canonical, raw)
        if form is not None and "@" not in raw:
            assert folded == form


@cases(VALUES)
@given(st.text(max_size=300) | ALMOST | ADDRESS)
def test_what_counts_attempts_is_the_same_for_every_spelling(raw: str) -> None:
    name = parse_identifier(email=None, username=raw).text

    assert parse_identifier(email=None, username=name).text == name
    if raw.isascii():
        assert parse_identifier(email=None, username=name.swapcase()).text in {name, name.swapcase()}


@cases(BODIES)
@given(st.text(max_size=60) | ALMOST | ADDRESS, st.text(max_size=60) | ALMOST)
async def test_registering_any_name_is_decided_and_the_decision_kept(ada: Actor, email: str, username: str) -> None:
    """No text breaks anything, and who has got a name logs in by it as it was typed."""
    response = await ada.register(email=email, username=username)

    if response.status == 201:
        assert (await ada.log_in(username=username)).status == 200
        assert (await ada.log_in(username=None, email=email)).status == 200
        await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})
    else:
        assert response.outcome in {(400, "VALIDATION_ERROR"), (400, "WEAK_PASSWORD"), (400, "MALFORMED_REQUEST")}


@cases(BODIES)
@given(st.text(max_size=300) | ALMOST | ADDRESS, st.text(max_size=100))
async def test_logging_in_with_anything_is_a_wrong_password(ada: Actor, name: str, password: str) -> None:
    response = await ada.log_in(username=name, password=password)

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
async def test_a_name_is_never_read_as_a_statement_or_a_pattern(user_factory: UserFactory, text: str) -> None:
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


async def test_an_underscore_stands_for_itself_alone(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.log_in(username="a_a")).outcome == (401, "INVALID_CREDENTIALS")
    assert (await ada.log_in(username=None, email="a_a@example.com")).outcome == (401, "INVALID_CREDENTIALS")
