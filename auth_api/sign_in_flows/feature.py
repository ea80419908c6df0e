"""Manifest of the sign-ins that lead through another site."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.sign_in_flows.errors import FlowInvalidException, ReturnToNotAllowedException
from auth_api.sign_in_flows.tables import SignInFlowRow

MANIFEST: Final = Manifest(tables=(SignInFlowRow,), errors=(FlowInvalidException, ReturnToNotAllowedException))
