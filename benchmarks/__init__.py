"""Compare the server's speed with other servers and with the floor of its own stack: `make bench`.

`machine` pins processes and reads processor time and memory; `load` drives wrk; `contestants` and `peers/` start
servers; `seeding` fills our database; `measuring`, `growth` and `lists` measure; `targets` compares with the targets;
`report` and `picture` write RESULTS.md.
"""
