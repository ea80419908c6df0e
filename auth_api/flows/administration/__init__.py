"""What operators do with other people's accounts; so far from the command line."""
