"""What an operator runs: probes, metrics, clean-up."""
