"""Limits per IP address and per account, counted in the database, so that all workers and instances agree.

Address limits stop floods; the account throttle stops guessing, without ever becoming a weapon against the owner.
"""
