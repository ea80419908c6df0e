"""Roles: which users may administer which part of the server, and what a team's own APIs may allow them."""
