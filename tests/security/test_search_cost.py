"""CWE-1333: the time to search a client's text grows with its length, not with the square of its length.

Every text has 128 KiB and repeats the beginning of a match that fails late. A linear search takes a few milliseconds of
processor time, a quadratic one takes at least 7 seconds, so the limit depends neither on the machine nor on its load.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network

import pytest
from litestar._multipart import parse_content_header

from auth_api.kit.errors import MalformedRequestException, UnsupportedMediaTypeException, ValidationException
from auth_api.kit.http.accept import prefers_html, prefers_json
from auth_api.kit.http.client_ip import ClientIpResolver
from auth_api.kit.http.forms import parse_form
from auth_api.kit.http.origins import is_loopback_origin, parse_origin
from auth_api.kit.http.request_metadata import read_request_context
from auth_api.kit.http.request_screening import RequestScreening
from auth_api.kit.log_format import redact
from auth_api.kit.networks import network_of
from auth_api.users.password_rules import PasswordRules
from auth_api.users.policy import PasswordPolicy

pytestmark = pytest.mark.engine_independent

MAX_SECONDS = 2.0
TEXT_LENGTH = 128 * 1024
PROXY = "192.0.2.1"


def read_headers(text: str) -> None:
    headers = {b"user-agent": text.encode(), b"accept-language": text.encode()}
    read_request_context(headers, None, "id")


def resolve_client_ip(text: str) -> None:
    scope = {"client": (PROXY, 443), "headers": [(b"x-forwarded-for", text.encode())]}
    ClientIpResolver([ip_network(PROXY)]).resolve(scope)


def screen_host(text: str) -> None:
    scope = {"path": "/", "query_string": b"", "headers": []}
    screening = RequestScreening(ClientIpResolver([]), allowed_hosts=["localhost"])
    screening.refusal(scope, {b"host": text.encode()}, network_of(PROXY))


def check_password(text: str) -> None:
    policy = PasswordPolicy(max_length=2 * TEXT_LENGTH, max_bytes=2 * TEXT_LENGTH)
    with pytest.raises(ValidationException):
        PasswordRules(policy, frozenset()).check(f"a{text}a", {})


def parse_form_of_type(text: str) -> None:
    with pytest.raises(UnsupportedMediaTypeException):
        parse_form(f"application/x-www-form-urlencoded{text}x", "", b"")


def parse_form_body(text: str) -> None:
    with suppress(MalformedRequestException):
        parse_form("application/x-www-form-urlencoded", "", text.encode())


def parse_web_origin(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        parse_origin(text)


CASES: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "log field": (
        lambda text: redact("path", text),
        [
            "eyJ-",
            "-eyJ",
            "/eyJ-eyJaaaaaaaa",
            "eyJaaaaaaaa.",
            "rt_aaaa-",
            "rt_aaaaaaaaaaaaaaaaaaa!",
            "-ot_",
            "$argon2",
            "$argon2a",
            "$argon2id$",
            "://",
            "://:",
            "://a:",
            "://a:a",
            "://a:a@",
        ],
    ),
    "user agent and language": (read_headers, [" ", "en-", "-a", "a-a", "\x00", "en,"]),
    "content type": (parse_content_header, [";", ";a", ";a=", ';a="', '\\"', '\\" ', "; "]),
    "client IP": (resolve_client_ip, ["[", "[a", "1.", "1:1", "1,", "]:"]),
    "media type": (prefers_html, [",", ";", "q=", ";q=0", "text/html,"]),
    "media type of a page": (prefers_json, [",", ";", "q=", ";q=0", "text/html,"]),
    "type of a form": (parse_form_of_type, [";", " ", ";charset=", "\t;"]),
    "form": (parse_form_body, ["&", "=", "+", "%", "%41", "a", "a&"]),
    "origin": (parse_web_origin, ["a", "a://", "a.", "[", "a://["]),
    "loopback origin": (lambda text: is_loopback_origin(text.encode()), ["http://", "http://localhost:1"]),
    "host": (screen_host, ["a.", "[", "[a:", "a:1"]),
    "new password": (check_password, ["1", "!1", "_", "1a", "a1a1!"]),
}


@pytest.mark.parametrize(
    ("search", "unit"),
    [pytest.param(search, unit, id=f"{name}: {unit!r}") for name, (search, units) in CASES.items() for unit in units],
)
def test_search_time_grows_with_the_length_of_the_text(search: Callable[[str], object], unit: str) -> None:
    text = unit * (TEXT_LENGTH // len(unit))
    began_at = time.thread_time()

    search(text)

    assert time.thread_time() - began_at < MAX_SECONDS
