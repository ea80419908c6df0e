"""What a password hash costs on this machine, and whether it could cost less time at the same strength."""

import importlib.util
import os
import platform
import re
from pathlib import Path
from typing import Final

import argon2

from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.passwords import HashingPolicy

ROUNDS: Final = 3
LONGEST_LOGIN: Final = 0.5
"""Seconds that nobody should wait for a hash."""

LEVEL_3: Final = frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"})
"""What x86-64-v3 has beyond v2, as Linux names it (x86-64 psABI §3.1.1; `abm` is LZCNT)."""

# VPMULUDQ on 256-bit registers, argon2's innermost step: a VEX prefix of two or three bytes (L=1, pp=01), then 0xF4.
_WIDE_MULTIPLICATION: Final = re.compile(
    rb"\xc5[\x05\x0d\x15\x1d\x25\x2d\x35\x3d\x45\x4d\x55\x5d\x65\x6d\x75\x7d"
    rb"\x85\x8d\x95\x9d\xa5\xad\xb5\xbd\xc5\xcd\xd5\xdd\xe5\xed\xf5\xfd]\xf4"
)
_ENOUGH: Final = 4
"""By chance 50 kB of other code hold such three bytes once in ten builds; argon2 compiled for AVX2 has dozens."""

REBUILD: Final = (
    "Compile the bindings for it, which makes a hash up to 1.6 times as fast: CFLAGS='-O3 -march=x86-64-v3' "
    "pip install --force-reinstall --no-deps --no-binary :all: argon2-cffi-bindings (docs/deployment.md)."
)


def check_hashing(policy: HashingPolicy) -> list[Finding]:
    """Measure a hash at the settings, and read off its machine code which registers it uses."""
    return [
        evaluate_cost(seconds_of_a_hash(policy), policy),
        evaluate_build(machine=platform.machine(), flags=processor_flags(), code=bindings_code()),
    ]


def seconds_of_a_hash(policy: HashingPolicy) -> float:
    """Return how long the quickest of a few hashes took: what else the machine does only makes them slower."""
    hasher = argon2.PasswordHasher(
        time_cost=policy.iterations, memory_cost=policy.memory_kib, parallelism=policy.parallelism
    )
    times = []
    for _ in range(ROUNDS):
        began = monotonic()
        hasher.hash("a password that nobody has")
        times.append(monotonic() - began)
    return min(times)


def evaluate_cost(seconds: float, policy: HashingPolicy) -> Finding:
    """Say what a login costs."""
    cost = f"m={policy.memory_kib},t={policy.iterations},p={policy.parallelism}"
    says = f"{seconds * 1000:.1f} ms a hash ({cost}): at most {1 / seconds:.0f} logins a second and core"
    if seconds > LONGEST_LOGIN:
        return warn(
            "hashing.cost", says, "Lower PASSWORD_HASH_MEMORY_KIB or _ITERATIONS, within OWASP's table, or add cores."
        )
    return ok("hashing.cost", says)


def evaluate_build(*, machine: str, flags: frozenset[str], code: bytes | None) -> Finding:
    """Say whether the build of argon2 uses what the processor has.

    Args:
        machine: the architecture, as `platform.machine()` names it.
        flags: the processor's, as Linux names them; empty if they are not known.
        code: the file of the bindings; None if it cannot be found.
    """
    check = "hashing.build"
    if machine not in {"x86_64", "AMD64"}:
        return note(check, f"not known: how argon2 is built is looked up on x86-64 alone, and this is {machine}")
    if code is None or not flags:
        return note(check, "not known: the bindings' file or the processor's flags cannot be read")
    is_wide = len(_WIDE_MULTIPLICATION.findall(code)) >= _ENOUGH
    if is_wide:
        return ok(check, "argon2 is compiled for 256-bit registers (its machine code has AVX2 multiplications)")
    if flags >= LEVEL_3:
        says = "argon2 is compiled for any x86-64 (no AVX2 in its machine code), and this processor can do more"
        return note(check, says, REBUILD)
    return ok(check, "argon2 is compiled for any x86-64, and this processor cannot do more")


def processor_flags() -> frozenset[str]:
    """Return the flags of the first processor, or none where Linux does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return frozenset()
    found = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()


def bindings_code() -> bytes | None:
    """Return the bytes of the compiled bindings."""
    spec = importlib.util.find_spec("_argon2_cffi_bindings._ffi")
    if spec is None or spec.origin is None or not os.access(spec.origin, os.R_OK):
        return None
    return Path(spec.origin).read_bytes()
