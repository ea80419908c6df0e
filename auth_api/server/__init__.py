"""The process that `auth-api serve` is: sockets, limits on clients, workers, an orderly end."""
