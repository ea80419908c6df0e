"""Verification of access tokens and API keys in your own service."""

from auth_api_sdk.verification.async_verifier import AsyncTokenVerifier
from auth_api_sdk.verification.sync_verifier import TokenVerifier

__all__ = ["AsyncTokenVerifier", "TokenVerifier"]
