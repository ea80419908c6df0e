"""Database access: two engines, guarded transactions, migrations and retention."""
