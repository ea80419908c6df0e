"""Every page in its states, and how a browser gets there."""

from typing import Final

from tests.support.scenes.account import ACCOUNT_SCENES
from tests.support.scenes.applications import APPLICATION_SCENES
from tests.support.scenes.authorization import AUTHORIZATION_SCENES
from tests.support.scenes.factors import FACTOR_SCENES
from tests.support.scenes.federation import FEDERATION_SCENES
from tests.support.scenes.invitations import INVITATION_SCENES
from tests.support.scenes.keys import KEY_SCENES
from tests.support.scenes.mail import MAIL_SCENES
from tests.support.scenes.other import OTHER_SCENES
from tests.support.scenes.sign_in import SIGN_IN_SCENES

SCENES: Final = (
    *SIGN_IN_SCENES,
    *ACCOUNT_SCENES,
    *KEY_SCENES,
    *APPLICATION_SCENES,
    *FACTOR_SCENES,
    *MAIL_SCENES,
    *INVITATION_SCENES,
    *FEDERATION_SCENES,
    *AUTHORIZATION_SCENES,
    *OTHER_SCENES,
)
