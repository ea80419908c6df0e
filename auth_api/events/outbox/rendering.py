"""Renders mails from their templates.

A kind of mail has two templates, `NAME.txt`, whose first line is `Subject: …`, and `NAME.html`, in one folder per
language. Templates in the operator's own folder are preferred.
"""

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import jinja2

from auth_api.events.outbox.kinds import Draft, MailKind, OutboxItem
from auth_api.kit.device import known_device
from auth_api.kit.language_tags import normalized_tag, preferred_languages
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy

SOURCE_LANGUAGE: Final = "en"
"""The language that has all texts."""

UNKNOWN_DEVICE: Final = "an unknown program"

_SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"
_SUBJECT: Final = "Subject: "


class RenderingError(Exception):
    """A template cannot be read or rendered.

    Args:
        template: its language and file name, as `de/password_reset.txt`.
        error: the reason. Its text is for the author of the template only: it may contain values.
    """

    def __init__(self, template: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.template = template
        self.error_type = type(error).__name__


class Renderer:
    """Renders mails.

    Args:
        policy: sender, links and the operator's own templates.
        kinds: the kinds of mail, for the folders of their templates.
        default_language: for users who prefer none of the languages that have templates.
    """

    def __init__(
        self, policy: MailPolicy, kinds: Iterable[MailKind], *, default_language: str = SOURCE_LANGUAGE
    ) -> None:
        self._policy = policy
        self._default_languages = (default_language, SOURCE_LANGUAGE)
        own = [Path(policy.templates)] if policy.templates else []
        self._folders = list(dict.fromkeys([*own, *(kind.templates for kind in kinds), _SHARED_TEMPLATES]))
        self._languages = {
            (folder, normalized_tag(path.name)): path
            for folder in self._folders
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        }
        self._environments: dict[tuple[Path, ...], jinja2.Environment] = {}

    @property
    def languages(self) -> list[str]:
        """The languages that have a folder, in lower case."""
        return sorted({language for _, language in self._languages})

    def render(self, kind: MailKind, item: OutboxItem, draft: Draft) -> Message:
        """Return the mail.

        A client has chosen the username, the user agent and, until it is verified, the e-mail address. Mails must not
        contain words of strangers, and mail programs turn words with dots into links.

        Raises:
            RenderingError: a template is invalid.
        """
        purpose = kind.purpose if draft.token else None
        values = {
            "product": self._policy.product,
            "recipient": draft.recipient if draft.is_verified else None,
            "username": draft.username if draft.is_verified and "." not in (draft.username or "") else None,
            "token": draft.token,
            "link": self._policy.frontend_url + (f"{kind.path}#token={draft.token}" if draft.token else "/"),
            "minutes": int(purpose.lifetime.total_seconds() // 60) if purpose else None,
            "ip_address": item.request_context.client_ip,
            "device": known_device(item.request_context.user_agent) or UNKNOWN_DEVICE if draft.is_verified else None,
            "created_at": item.created_at.astimezone(UTC),
            "parameters": {**item.parameters, **draft.parameters},
        }
        environment = self._environment(draft.locale or item.request_context.language)
        subject, _, text = _render(environment, f"{kind.name}.txt", values).lstrip().partition("\n")
        return Message(
            message_id=f"{item.created_at:%Y%m%d%H%M%S%f}.{item.id}@{self._policy.sender.domain}",
            recipient=draft.recipient,
            subject=" ".join(subject.removeprefix(_SUBJECT).split()),
            text=text.strip() + "\n",
            html=_render(environment, f"{kind.name}.html", values),
        )

    def _environment(self, locale: str | None) -> "jinja2.Environment":
        """Return the environment that searches the languages in order, then the default, each in every folder.

        Args:
            locale: language tags in order of preference, separated by commas.
        """
        # Only existing folders: the locale came from a client and must not become a path.
        found = tuple(
            folder
            for language in dict.fromkeys([*preferred_languages(locale), *self._default_languages])
            for root in self._folders
            if (folder := self._languages.get((root, language))) is not None
        )
        if found not in self._environments:  # keyed by folders: a client could send any number of locales
            self._environments[found] = jinja2.Environment(
                loader=jinja2.FileSystemLoader(found, encoding="utf-8-sig"),
                autoescape=jinja2.select_autoescape(["html"]),
                undefined=jinja2.StrictUndefined,
                finalize=lambda value: "" if value is None else value,
            )
        return self._environments[found]


def _render(environment: jinja2.Environment, name: str, values: dict[str, Any]) -> str:
    try:
        return environment.get_template(name).render(values)
    except Exception as error:
        raise RenderingError(_place(environment, name), error) from error


def _place(environment: jinja2.Environment, name: str) -> str:
    """Return the language and the name of the template that the environment finds first."""
    loader = environment.loader
    folders = map(Path, loader.searchpath) if isinstance(loader, jinja2.FileSystemLoader) else ()
    found = next((folder for folder in folders if (folder / name).exists()), None)
    return f"{found.name}/{name}" if found is not None else name
