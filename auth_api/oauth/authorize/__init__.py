"""Authorization requests: what they may ask for, and what the person still has to do."""
