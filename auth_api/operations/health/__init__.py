"""Tells a load balancer whether the process is alive and whether it can work, and Prometheus what it did."""
