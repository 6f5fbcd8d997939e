"""Arguments that the benches share."""

from argparse import ArgumentTypeError


def whole(text: str) -> int:
    """Return the whole number above zero that an argument names; argparse tells the user when it is none."""
    digits = text.replace("_", "")
    if not digits.isdecimal() or not int(digits):
        message = f"{text!r} is not a whole number above zero"
        raise ArgumentTypeError(message)
    return int(digits)


def wholes(text: str) -> list[int]:
    """Return the whole numbers that an argument lists, separated by commas."""
    return [whole(part) for part in text.split(",")]
