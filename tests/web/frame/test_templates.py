"""The layouts and macros that the templates of all pages use: names of fields, their errors, links and escaping."""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from auth_api.web.frame.brand import Brand
from auth_api.web.frame.policy import BrandLinks
from auth_api.web.frame.renderer import environment
from tests.support.sample_pages import REFUSED, VALUES, Ada, Shown
from tests.support.sample_pages import render_sample as render

pytestmark = pytest.mark.engine_independent

ASSETS: Final = Path(__file__).parents[3] / "auth_api/web/frame/assets"


def tag(html: str, part: str) -> str:
    """Return the first tag that contains a text."""
    found = re.search(rf"<[^<>]*{re.escape(part)}[^<>]*>", html)
    assert found is not None, part
    return found[0]


def test_references_between_elements_have_exactly_one_target() -> None:
    for html in (
        render("form.html"),
        render("form.html", **REFUSED),
        render("sessions.html", user=Ada(), done="ended"),
        render("problem.html", problem=Shown("NOT_FOUND", "Not found.")),
        render("hop.html", target="https://app.example.com/#code=fc_x"),
    ):
        ids = re.findall(r'\sid="([^"]+)"', html)
        references = re.findall(r'\s(?:for|aria-describedby|aria-labelledby|data-reveals|data-copies)="([^"]+)"', html)
        targets = {target for reference in references for target in reference.split()}
        targets |= set(re.findall(r'href="#([^"]+)"', html))
        assert sorted(ids) == sorted(set(ids))
        assert targets <= set(ids)
        assert len(re.findall("<h1", html)) == 1


def test_refused_form_says_what_is_wrong_at_the_top_and_at_each_field() -> None:
    html = render("form.html", **REFUSED)

    assert "<title>Error: Register · Rock &amp; Roll</title>" in html
    assert {'role="alert"', 'tabindex="-1"', "autofocus"} <= set(tag(html, 'role="alert"')[:-1].split())
    assert html.count("autofocus") == 1
    assert re.findall(r'<a href="#f-(\w+)">', html) == ["username", "password", "password", "scopes"]
    assert 'data-error="VALIDATION_ERROR"' in tag(html, 'id="main"')
    for name in ("username", "password"):
        field = tag(html, f'id="f-{name}"')
        assert f'aria-describedby="f-{name}-hint f-{name}-error"' in field
        assert 'aria-invalid="true"' in field
    assert 'aria-describedby="f-scopes-error"' in tag(html, 'id="f-scopes"')
    assert "aria-invalid" not in tag(html, 'id="f-display_name"')


def test_refused_form_keeps_what_was_entered_except_the_password() -> None:
    html = render("form.html", **REFUSED)

    assert 'value="&#34;&gt;&lt;script&gt;"' in tag(html, 'id="f-username"')
    assert "selected" in tag(html, 'value="de"')
    assert "checked" in tag(html, 'id="f-keep"')
    assert ["checked" in tag(html, f'value="{scope}"') for scope in ("read", "write")] == [False, True]
    assert "hunter2" not in html


def test_new_form_begins_at_its_first_field_and_carries_the_journey() -> None:
    html = render("form.html")

    assert "autofocus" in tag(html, 'id="f-username"')
    assert "alert" not in html
    assert '<input type="hidden" name="continue" value="/account?x=1&amp;y=2">' in html
    assert "required" not in tag(html, 'id="f-display_name"')
    assert "hidden" in tag(html, "data-reveals")  # the script reveals it
    assert 'data-error="' not in html


def test_error_with_a_time_to_wait_says_how_long() -> None:
    for seconds, text in ((1, "Try again in 1 second."), (30, "Try again in 30 seconds.")):
        shown = Shown("RATE_LIMITED", "Too many attempts.", retry_after=seconds)
        assert text in render("form.html", problem=shown)
        assert text in render("problem.html", problem=shown)


def test_product_and_foot_have_the_links_of_the_settings() -> None:
    plain = render("form.html")
    links = BrandLinks(home="https://example.com/", support="mailto:help@example.com", imprint="https://example.com/i")
    linked = render("form.html", brand=Brand(name="Acme", logo="/assets/brand-logo", links=links))

    assert '<p class="product">' in plain
    assert 'aria-hidden="true">R</span>Rock &amp; Roll' in plain
    assert "About this service" not in plain
    assert (
        '<a class="product" href="https://example.com/"><img class="logo" src="/assets/brand-logo" alt="Acme">'
        in linked
    )
    assert re.findall(r'<li><a href="([^"?]+)">(\w+)', linked) == [
        ("mailto:help@example.com", "Support"),
        ("https://example.com/i", "Imprint"),
    ]


def test_languages_are_links_and_the_present_one_is_marked() -> None:
    html = render("form.html", language="de")

    assert '<html lang="de">' in html
    assert 'aria-current="true"' in tag(html, 'hreflang="de"')
    assert "aria-current" not in tag(html, 'hreflang="en"')
    assert "hreflang" not in render("form.html", languages=[("en", "English", "")])


def test_account_leads_to_the_pages_that_exist() -> None:
    html = render("sessions.html", user=Ada(), done="ended")

    (side,) = re.findall(r'<nav class="side".*?</nav>', html, re.DOTALL)
    assert re.findall(r'<a href="([^"]+)"( aria-current="page")?>', side) == [
        ("/account", ""),
        ("/account/sessions", ' aria-current="page"'),
    ]
    assert "Ada &lt;Lovelace&gt;" in html
    assert "&lt;b&gt;Firefox" in html
    assert "The session has ended." in html
    assert "The session has ended." not in render("sessions.html", user=Ada(), done="<unknown>")
    assert '<time datetime="2026-01-02T03:04:05Z">2026-01-02 03:04 UTC</time>' in html


def test_times_are_written_as_in_the_language_of_the_page() -> None:
    now = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    for language, text in (("en", "2026-01-02 03:04 UTC"), ("de", "02.01.2026, 03:04 UTC")):
        macros = environment(language).get_template("_fields.html").make_module(VALUES)
        assert f">{text}</time>" in macros.time(now)  # type: ignore[attr-defined]


def test_address_that_leads_to_another_origin_is_escaped() -> None:
    html = render("hop.html", target='https://app.example.com/?a=1&b="#code=fc_x')
    escaped = "https://app.example.com/?a=1&amp;b=&#34;#code=fc_x"

    assert f'<meta http-equiv="refresh" content="0; url={escaped}">' in html
    assert f'href="{escaped}">Continue</a>' in html


def test_error_page_says_what_happened_and_what_to_do() -> None:
    shown = Shown("FLOW_INVALID", "The link has expired.", status=400)
    html = render(
        "problem.html", problem=shown, advice="Ask for a new one.", try_again="/account/login", back="/account"
    )

    assert "<title>This did not work · Rock &amp; Roll</title>" in html
    for text in ("The link has expired.", "Ask for a new one.", "Try again</a>", "Back</a>", "400", "0199b1c2"):
        assert text in html
    missing = render("problem.html", problem=Shown("NOT_FOUND", "x", status=404))
    assert "Page not found" in missing
    assert "Try again" not in missing


def test_icon_in_the_page_is_that_of_the_file() -> None:
    found = re.search(
        r'<link rel="icon" type="image/svg\+xml" href="data:image/svg\+xml,([^"]+)">', render("form.html")
    )
    assert found is not None

    icon = (ASSETS / "icon.svg").read_text(encoding="utf-8").strip()
    assert unquote(unescape(found[1])) == icon.replace('"', "'")
