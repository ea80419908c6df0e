"""The style sheet, script and images of the pages: colors can be read, and nothing needs an exception of the policy."""

import gzip
import re
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from auth_api.web.frame.colors import DAY_CARD, MIN_TEXT_CONTRAST, NIGHT_CARD, contrast_ratio
from tests.conftest import OtherAppFactory
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent

WEB: Final = Path(__file__).parents[3] / "auth_api/web"
FRAME: Final = WEB / "frame"
STYLE: Final = (FRAME / "assets/pages.css").read_text(encoding="utf-8")

MIN_EDGE_CONTRAST: Final = 3
"""WCAG 2.2, success criterion 1.4.11."""

MAX_SCRIPT_BYTES: Final = 6144

TEXTS: Final = {
    "ground": ("text", "quiet"),
    "card": ("text", "quiet", "wrong", "good", "warn", "danger", "accent"),
    "field": ("text",),
    "wrong-ground": ("wrong",),
    "good-ground": ("good",),
    "warn-ground": ("warn",),
    "danger": ("on-danger",),
    "accent": ("on-accent",),
    "quiet": ("card",),
}
"""The colors of text on each background."""


def colors(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def day_and_night() -> tuple[dict[str, str], dict[str, str]]:
    day, night = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    return colors(day), colors(day) | colors(night)


def test_text_and_edges_have_enough_contrast_by_day_and_by_night() -> None:
    for theme in day_and_night():
        low = [
            (text, ground)
            for ground, texts in TEXTS.items()
            for text in texts
            if contrast_ratio(theme[text], theme[ground]) < MIN_TEXT_CONTRAST
        ]
        low += [
            ("edge", ground)
            for ground in ("card", "field", "ground")
            if contrast_ratio(theme["edge"], theme[ground]) < MIN_EDGE_CONTRAST
        ]
        assert low == []


def test_accents_are_checked_against_the_card_of_the_style_sheet() -> None:
    assert [theme["card"] for theme in day_and_night()] == [DAY_CARD, NIGHT_CARD]


def test_text_on_every_accepted_accent_can_be_read() -> None:
    accents = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in product(range(0, 256, 15), repeat=3)]
    for theme in day_and_night():
        accepted = [accent for accent in accents if contrast_ratio(accent, theme["card"]) >= MIN_TEXT_CONTRAST]
        lowest = min(contrast_ratio(theme["on-accent"], accent) for accent in accepted)
        assert len(accepted) > len(accents) / 4
        assert lowest >= MIN_TEXT_CONTRAST


def test_contrast_is_that_of_wcag() -> None:
    assert [round(contrast_ratio(*pair), 2) for pair in [("#000000", "#ffffff"), ("#777777", "#ffffff")]] == [21, 4.48]
    assert contrast_ratio("#123456", "#123456") == 1


def test_templates_have_no_inline_script_or_style() -> None:
    templates = sorted(WEB.glob("**/templates/**/*.html"))
    found = [
        (template.name, match[0])
        for template in templates
        for match in re.finditer(
            r"<script\b[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b",
            template.read_text(encoding="utf-8"),
        )
    ]

    assert FRAME / "templates/_layout.html" in templates
    assert found == []


def test_script_is_small_and_never_parses_markup() -> None:
    script = (FRAME / "assets/pages.js").read_bytes()

    assert len(gzip.compress(script)) <= MAX_SCRIPT_BYTES
    assert (
        re.findall(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|\bFunction\(", script)
        == []
    )


SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def test_assets_have_the_accents_and_the_logo_of_the_settings(app_with: OtherAppFactory, tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(SVG)
    async with app_with(BRAND_ACCENT="#0B6E4F", BRAND_ACCENT_DARK="#7ee0b8", BRAND_LOGO=str(logo)) as other:
        style = await other.client.get("/assets/pages.css")
        image = await other.client.get("/assets/brand-logo")

    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert re.findall(r"--accent: (#\w+);", style.text)[-2:] == ["#0b6e4f", "#7ee0b8"]
    assert (image.content, image.headers["content-type"]) == (SVG, "image/svg+xml")
    assert image.headers["x-content-type-options"] == "nosniff"
    (policy,) = image.headers.get_list("content-security-policy")
    assert {"sandbox", "default-src 'none'", "style-src 'unsafe-inline'"} <= set(policy.split("; "))
    assert "script-src" not in policy


async def test_logo_that_is_not_a_file_of_this_server_has_no_path_here(app_with: OtherAppFactory) -> None:
    async with app_with(BRAND_LOGO="https://cdn.example.com/logo.svg") as other:
        assert_problem(await other.client.get("/assets/brand-logo"), 404, "NOT_FOUND")
