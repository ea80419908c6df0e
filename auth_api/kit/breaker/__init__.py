"""A circuit breaker per external service, built on aiobreaker."""
