"""Users whose earlier access tokens must be refused, also by services that verify tokens themselves."""
