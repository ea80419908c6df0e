"""Words that agree with a number."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1. The plural must end in `s`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
