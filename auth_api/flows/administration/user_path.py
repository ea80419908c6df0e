"""What the routes on one user share."""

from typing import Final

from auth_api.kit.ids import parse_id
from auth_api.roles.errors import RankTooLowException, SelfChangeRefusedException
from auth_api.users.errors import UserNotFoundException

RANK_ERRORS: Final = (UserNotFoundException, SelfChangeRefusedException, RankTooLowException)
"""Errors of every operation that acts on a user."""


def user_id_of(text: str) -> int:
    """Return the id of a user in a path.

    Raises:
        UserNotFoundException: no user can have it.
    """
    user_id = parse_id(text)
    if user_id is None:
        raise UserNotFoundException
    return user_id
