"""The sender of mail as `MAIL_FROM` gives it: read exactly, or refused."""

import pytest

from auth_api.kit.mail.policy import parse_sender

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@example.com", "", "a@example.com"),
        ("<a@example.com>", "", "a@example.com"),
        ("Acme <a@example.com>", "Acme", "a@example.com"),
        ("Acme<a@example.com>", "Acme", "a@example.com"),
        ("Acme Inc. <a@example.com>", "Acme Inc.", "a@example.com"),
        ("Ada's B\u00fccher <a@example.com>", "Ada's B\u00fccher", "a@example.com"),
        ('"Acme: Auth, Inc; (EU)" <a@example.com>', "Acme: Auth, Inc; (EU)", "a@example.com"),
        ('"say \\"hi\\"" <a@example.com>', 'say "hi"', "a@example.com"),
        ("no-reply+x@mail.example.com", "", "no-reply+x@mail.example.com"),
        ("a@localhost", "", "a@localhost"),
        ("a@127.0.0.1", "", "a@127.0.0.1"),
        ("no-reply@b\u00fccher.example", "", "no-reply@xn--bcher-kva.example"),
        ("B\u00fccher <no-reply@B\u00dcCHER.example>", "B\u00fccher", "no-reply@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "", "a@xn--bcher-kva.example"),
    ],
)
def test_sender_is_read_exactly(text: str, name: str, address: str) -> None:
    sender = parse_sender(text)

    assert (sender.display_name, sender.addr_spec) == (name, address)
    assert sender.addr_spec.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "Acme",
        "@example.com",
        "a@",
        "a@example.com.",
        "a@.example.com",
        "a@example..com",
        "a@-example.com",
        "a@exa mple.com",
        "a b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@b@example.com",
        "a@example.com, b@example.com",
        "a@example.com,b@example.com",
        "a@example.com; b@example.com",
        "Acme <a@example.com>, Other <b@example.com>",
        "Acme <a@example.com> x",
        "Acme a@example.com",
        "Acme <a@example.com",
        "Acme a@example.com>",
        "Acme <<a@example.com>>",
        "a@example.com <b@example.com>",
        "a@[127.0.0.1]",
        "a@example_com",
        "a@fa\u00df.example",
        "a@\u0130\u0000.example",
        "Acme <a@b\nBcc: c@d>",
        "Group: a@example.com;",
    ],
)
def test_text_that_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a name and an e-mail address$"):
        parse_sender(text)


@pytest.mark.parametrize(
    "name", ["Acme: Auth", "Acme, Inc", "Acme; Auth", "Acme (EU)", "Acme [EU]", 'Acme "Auth"', "a\\b"]
)
def test_name_with_special_characters_must_be_in_quotes(name: str) -> None:
    with pytest.raises(ValueError, match=r"^must have a name with special characters in double quotes; in \.env: "):
        parse_sender(f"{name} <a@example.com>")


def test_part_before_the_at_sign_must_be_ascii() -> None:
    with pytest.raises(ValueError, match=r"^must have an e-mail address whose part before the '@' is ASCII$"):
        parse_sender("b\u00fccher@example.com")
