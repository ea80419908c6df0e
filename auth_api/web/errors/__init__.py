"""The error catalogue, to which the `type` of every error leads."""
