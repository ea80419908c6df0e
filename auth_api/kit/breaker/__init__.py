"""A circuit breaker per outside service, on aiobreaker."""
