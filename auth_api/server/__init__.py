"""The server process: its socket, limits on clients, workers, metrics port and orderly shutdown."""
