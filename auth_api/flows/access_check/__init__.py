"""Services ask what the holder of an access token or an API key may do at this moment."""
