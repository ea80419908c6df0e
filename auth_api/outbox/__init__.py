"""Mail that a transaction decided on, sent after its commit. So far its table, which the first migration creates."""
