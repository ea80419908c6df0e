"""HTML for people. No other package imports it, except the frame."""
