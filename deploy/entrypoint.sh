#!/bin/sh
# Start auth-api with the argon2 build for this processor: the build for x86-64-v3 is up to 1.6 times as fast.
# The flags are those that x86-64-v3 adds to v2, by their Linux names (x86-64 psABI 3.1.1; `abm` is LZCNT).
# `exec` replaces this shell with auth-api, so that auth-api receives the signals sent to the container.
flags=" $(sed -n 's/^flags[[:space:]]*: //p;T;q' /proc/cpuinfo 2>/dev/null) "
for flag in avx avx2 bmi1 bmi2 f16c fma abm movbe; do
    case $flags in
        *" $flag "*) ;;
        *) exec auth-api "$@" ;;
    esac
done
PYTHONPATH=/opt/x86-64-v3${PYTHONPATH:+:$PYTHONPATH} exec auth-api "$@"
