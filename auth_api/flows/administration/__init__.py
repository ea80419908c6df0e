"""Administration: what operators do with the accounts of users, from the command line."""
