"""Liveness and readiness probes for load balancers, and metrics for Prometheus."""
