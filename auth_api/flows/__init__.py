"""Journeys of a client: each calls resources, and none calls another flow."""
