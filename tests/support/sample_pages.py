"""Pages made of all macros of the templates, to be checked as text and in a browser."""

from datetime import UTC, datetime
from typing import Any, Final

import jinja2
import msgspec

from auth_api.web.frame.brand import Brand
from auth_api.web.frame.policy import PagePolicy
from auth_api.web.frame.renderer import environment

BRAND: Final = Brand.of(PagePolicy(), product="Rock & Roll", base="")

FORM: Final = """\
{% extends "_layout.html" %}
{% import "_fields.html" as ui with context %}
{% block title %}Register{% endblock %}
{% block content %}
{% call ui.form("/account/register") %}
{{ ui.field("username", autocomplete="username", hint="3 to 30 letters", autofocus=true) }}
{{ ui.field("display_name", required=false, is_text=true) }}
{{ ui.password("password", autocomplete="new-password", hint="At least 12 characters") }}
{{ ui.code() }}
{{ ui.token() }}
{{ ui.select("locale", [("en", "English"), ("de", "Deutsch")]) }}
{{ ui.choices("scopes", "Scopes", [("read", "Read", "Names"), ("write", "Write", "")], type="checkbox") }}
{{ ui.checkbox("keep", "Keep me logged in", hint="On your own device") }}
{{ ui.submit("Register", name="step", value="1") }}
{% endcall %}
{{ ui.divider() }}{{ ui.provider("Example", "/start") }}{{ ui.back("/") }}
{{ ui.new_app({"qr_code": "data:image/png;base64,AAAA", "secret": "JBSW"}) }}{{ ui.codes(["A-1", "B-2"]) }}
{% endblock %}
"""

ACCOUNT: Final = """\
{% extends "_account.html" %}
{% import "_fields.html" as ui with context %}
{% block title %}Devices{% endblock %}
{% block content %}
{{ ui.done_notice({"ended": "The session has ended."}) }}{{ ui.notice("Take care", "warn") }}
{% call ui.panel("Sessions", "Where you are logged in", "screen") %}
{% call ui.facts() %}{{ ui.fact("Name", "Ada", "/account/profile") }}{% endcall %}
{% call ui.items() %}
{% call ui.item("<b>Firefox</b>", [ui.time(now)], "screen", "This device") %}x{% endcall %}
{% endcall %}
{% call ui.table("Events", ["Time", "Event", "Device", "IP address"]) %}
<tr><td>{{ ui.time(now) }}</td><td>Login</td><td>Firefox on Linux</td><td>2001:db8:85a3::8a2e:370:7334</td></tr>
{% endcall %}
{{ ui.empty("Nothing yet") }}{{ ui.more("?cursor=x") }}
{% endcall %}
{% endblock %}
"""

VALUES: Final[dict[str, Any]] = {
    "brand": BRAND,
    "base": "",
    "language": "en",
    "languages": [("en", "English", "?lang=en"), ("de", "Deutsch", "?lang=de")],
    "page": "sessions",
    "pages": {"account", "sessions"},
    "problem": None,
    "field_errors": {},
    "values": {},
    "user": None,
    "providers": [],
    "journey": {"continue": "/account?x=1&y=2"},
    "link": {},
    "done": None,
    "now": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
}


class Shown(msgspec.Struct):
    """An error, as pages show it."""

    error_code: str
    detail: str
    status: int = 422
    request_id: str = "0199b1c2"
    retry_after: int | None = None


class Ada(msgspec.Struct):
    """A user, as pages show them."""

    username: str = "ada"
    display_name: str | None = "Ada <Lovelace>"


def render_sample(template: str, **values: Any) -> str:
    """Return a page: `form.html`, `sessions.html` or a template of the frame."""
    found = environment("en")
    own = jinja2.DictLoader({"form.html": FORM, "sessions.html": ACCOUNT})
    samples = found.overlay(loader=jinja2.ChoiceLoader([found.loader or own, own]))
    return samples.get_template(template).render({**VALUES, **values})


REFUSED: Final[dict[str, Any]] = {
    "problem": Shown("VALIDATION_ERROR", "The form has errors."),
    "field_errors": {"username": ["Taken."], "password": ["Too short.", "Too common."], "scopes": ["Choose one."]},
    "values": {"username": '"><script>', "locale": "de", "scopes": "write", "keep": "on", "password": "hunter2"},
}
