"""Responses to devices."""

import msgspec


class DeviceAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """What a device gets to begin with (RFC 8628 §3.2). Times are in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int
