"""What the words of a command line are read as; argparse tells the user of one that cannot be meant."""

import math
import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOST_DIGITS = 9
MOST_SEED = 2**32 - 1


def positive(text: str) -> float:
    """Return the positive number in an argument."""
    number = _number(text)
    if not number > 0:
        message = f"{text!r} is not a number above zero"
        raise ArgumentTypeError(message)
    return number


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def duration(text: str) -> timedelta:
    """Return the duration in an argument such as 90s, 15m, 12h or 30d."""
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    if not found or not int(found[1]):
        message = f"{text!r} is not a duration such as 90s, 15m, 12h or 30d"
        raise ArgumentTypeError(message)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def moment(text: str) -> datetime:
    """Return the time in an argument such as 2026-11-23T10:00:00Z, in UTC if it has no zone."""
    try:
        named = datetime.fromisoformat(text)
        return (named if named.tzinfo else named.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r} is not a time such as 2026-11-23T10:00:00Z or 2026-11-23"
        raise ArgumentTypeError(message) from None


def count(text: str) -> int:
    """Return the whole number in an argument, from 1 to a billion minus one."""
    if not (_is_whole(text) and len(text) <= MOST_DIGITS and int(text)):
        message = f"{text!r} is not a whole number from 1 to {10**MOST_DIGITS - 1}"
        raise ArgumentTypeError(message)
    return int(text)


def seed(text: str) -> int:
    """Return the 32-bit seed in an argument."""
    if not (_is_whole(text) and int(text) <= MOST_SEED):
        message = f"{text!r} is not a whole number from 0 to {MOST_SEED}"
        raise ArgumentTypeError(message)
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit()
