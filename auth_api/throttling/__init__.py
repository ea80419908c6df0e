"""Limits requests per client IP address, mails per e-mail address and failed logins per user.

The database counts, so that all workers and instances share one count; only the limit on refreshes is counted per
worker process. Limits per IP address stop floods. The account throttle slows down guessing without locking the user
out.
"""
