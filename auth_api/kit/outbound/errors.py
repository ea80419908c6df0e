"""Why a call to another server has no answer. Neither error contains a part of the URL or of the answer."""


class OutboundUnavailableError(Exception):
    """The server cannot be reached, is too slow, has failed or is overloaded, or its answer cannot be read."""


class OutboundRefusedError(Exception):
    """The call is not allowed: the URL is not an https URL, or its host has an address that is not public."""
