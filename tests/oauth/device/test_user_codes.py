"""User codes: their form, and how they are found."""

import re

import pytest

from auth_api.oauth.device.user_codes import UserCodes

pytestmark = pytest.mark.engine_independent

OLD, NEW = b"o" * 32, b"n" * 32


def test_user_code_has_eight_consonants() -> None:
    codes = [UserCodes([NEW]).create().shown for _ in range(200)]

    assert all(re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code) for code in codes)
    assert len(set("".join(codes))) == 21
    assert len(set(codes)) == 200


def test_user_code_is_found_however_it_is_typed() -> None:
    codes = UserCodes([NEW])
    code = codes.create()
    compact = code.shown.replace("-", "")

    for typed in (code.shown, compact, code.shown.lower(), f" {compact[:2]} {compact[2:]}\t", f"--{compact}-"):
        assert codes.digests(typed) == [code.digest]
    for typed in ("", compact[:7], f"{compact}B", "AEIOUYAE", f"{compact[:7]}1", f"{compact[:7]}Ḃ"):
        assert codes.digests(typed) == []


def test_user_code_digest_needs_the_derivation_key() -> None:
    code = UserCodes([OLD]).create()

    assert UserCodes([NEW, OLD]).digests(code.shown)[1] == code.digest
    assert code.digest not in UserCodes([NEW]).digests(code.shown)
