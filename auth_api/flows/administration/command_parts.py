"""What the commands on a user share."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from auth_api.kit.command_line import Run, ServiceFinder
from auth_api.kit.errors import MalformedRequestException
from auth_api.kit.http.json import parse_object
from auth_api.users.service import UserService
from auth_api.users.user import User

T = TypeVar("T")


def on_user(run: Run, name: str, work: Callable[[ServiceFinder, User], Awaitable[T]]) -> T:
    """Return the result of work on the user with this username or e-mail address."""

    async def find_and_work(services: ServiceFinder) -> T:
        return await work(services, await services.of(UserService).find(name))

    return run(find_and_work)


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object that an option contains."""
    try:
        return parse_object(text.encode())
    except (MalformedRequestException, UnicodeEncodeError) as error:
        message = "The value is not a JSON object."
        raise click.UsageError(message) from error
