"""People in other places of the network."""

from dataclasses import replace

from tests.support.actors import Actor


def elsewhere(person: Actor, address: str) -> Actor:
    """Return the same person calling from another address, as the trusted proxy reports it."""
    return replace(person, headers={"X-Forwarded-For": address})
