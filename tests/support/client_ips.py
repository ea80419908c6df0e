"""Requests from other IP addresses."""

from dataclasses import replace

from tests.support.actors import Actor


def from_ip(person: Actor, client_ip: str) -> Actor:
    """Return a copy of the actor whose requests come from this IP address, as reported by the trusted proxy."""
    return replace(person, headers={"X-Forwarded-For": client_ip})
