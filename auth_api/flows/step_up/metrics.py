"""Metrics of further proofs of identity."""

from typing import Final

from auth_api.kit.prometheus import counters_by_outcome
from auth_api.sign_in.errors import PASSWORD_METHOD
from auth_api.sign_in.guesses import GUESS_OUTCOMES
from auth_api.sign_in.second_factors import FactorMethod

STEP_UPS: Final = counters_by_outcome(
    "step_ups",
    "Further proofs of identity within sessions, by method and outcome.",
    (*FactorMethod, PASSWORD_METHOD),
    GUESS_OUTCOMES,
)
"""Counters by method and outcome."""
