"""Try a registered client: log in as an application would, over the network (`auth-api oauth try`)."""
