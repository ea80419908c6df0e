"""Metrics of the second step of a login."""

from typing import Final

from auth_api.kit.prometheus import counters_by_outcome
from auth_api.sign_in.guesses import GUESS_OUTCOMES
from auth_api.sign_in.second_factors import FactorMethod

SECOND_FACTORS: Final = counters_by_outcome(
    "second_factors", "Checks of second factors at logins, by method and outcome.", FactorMethod, GUESS_OUTCOMES
)
"""Counters by method and outcome."""
