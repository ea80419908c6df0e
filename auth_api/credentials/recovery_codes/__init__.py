"""Recovery codes: each replaces the second factor once, for users who have lost it."""
