"""Measures the server beside its peers and beside the floor of its own stack: `make bench`.

`machine` pins, counts processor time and memory; `load` drives wrk; `contestants` and `peers/` start servers; `seeding`
fills ours; `comparison`, `solo` and `growth` measure; `targets` judges; `report` and `picture` write RESULTS.md.
"""
