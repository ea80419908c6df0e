"""The database: two engines, guarded transactions, migrations."""
