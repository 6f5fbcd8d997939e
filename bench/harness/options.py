"""Arguments that the benchmarks share."""

from argparse import ArgumentTypeError


def whole(text: str) -> int:
    """Return the positive whole number in an argument; argparse reports an invalid one."""
    digits = text.replace("_", "")
    if not digits.isdecimal() or not int(digits):
        message = f"{text!r} is not a whole number above zero"
        raise ArgumentTypeError(message)
    return int(digits)


def wholes(text: str) -> list[int]:
    """Return the comma-separated whole numbers in an argument."""
    return [whole(part) for part in text.split(",")]
