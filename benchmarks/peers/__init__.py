"""Comparable servers, each configured as its documentation shows for production, and installed by hash."""
