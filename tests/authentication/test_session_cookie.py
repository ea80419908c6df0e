"""The cookie of a signed-in browser is safe by its attributes, and its header is read strictly."""

import pytest

from auth_api.authentication.session_cookie import SessionCookie

pytestmark = pytest.mark.engine_independent

SECURE = SessionCookie(public_url="https://login.example.com", is_production=False)
RAW = "bs_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"


@pytest.mark.parametrize(
    ("cookie", "name"),
    [
        (SECURE, "__Host-auth_session"),
        (SessionCookie(public_url="http://login.example.com", is_production=True), "__Host-auth_session"),
        (SessionCookie(public_url="http://localhost:8321", is_production=False), "auth_session_8321"),
        (SessionCookie(public_url="http://testserver", is_production=False), "auth_session_80"),
    ],
)
def test_cookie_has_the_host_prefix_unless_it_is_insecure(cookie: SessionCookie, name: str) -> None:
    attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if name.startswith("__Host-") else "")

    assert cookie.name == name
    assert cookie.set(RAW, None) == f"{name}={RAW}; {attributes}"
    assert cookie.set(RAW, 86400) == f"{name}={RAW}; {attributes}; Max-Age=86400"
    assert cookie.delete() == f"{name}=; {attributes}; Max-Age=0"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([f"__Host-auth_session={RAW}"], RAW),
        ([f"a=1; __Host-auth_session={RAW}; b=2"], RAW),
        (["a=1", f"__Host-auth_session={RAW}"], RAW),
        ([], None),
        (["a=1"], None),
        (["__Host-auth_session"], None),
        (["__Host-auth_session="], None),
        ([f"__host-auth_session={RAW}"], None),
        ([f"auth_session_8000={RAW}"], None),
        ([f"x__Host-auth_session={RAW}"], None),
        ([f"__Host-auth_session =x; __Host-auth_session\t={RAW}"], None),
        ([f'__Host-auth_session="{RAW}"'], None),
        ([f"__Host-auth_session={RAW}; __Host-auth_session={RAW}"], None),
        ([f"__Host-auth_session={RAW}; __Host-auth_session=other"], None),
        ([f"__Host-auth_session={RAW}", f"__Host-auth_session={RAW}"], None),
        (["__Host-auth_session=rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"], None),
        ([f"a=\xff; __Host-auth_session={RAW}"], RAW),
    ],
)
def test_cookie_is_read_only_if_it_is_unambiguous(headers: list[str], expected: str | None) -> None:
    encoded = [(b"cookie", header.encode("latin-1")) for header in headers]

    assert SECURE.read([(b"host", b"login.example.com"), *encoded]) == expected
