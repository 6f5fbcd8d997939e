"""Validation of a producer's options: each error is one line that states what is allowed."""

import math
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn, TypeVar

from stockstream.errors import UsageError

Number = TypeVar("Number", int, float)


def whole(option: str, text: str | None, least: int) -> int | None:
    """Return the whole number in a text, or None if there is no text."""
    if text is None:
        return None
    allowed = f"a whole number, {least} or more"
    value = number(option, text, int, allowed)
    if value < least:
        refuse(option, text, allowed)
    return value


def between(option: str, text: str | None, usual: float, bounds: tuple[float, float], what: str) -> float:
    """Return the number in a text, or `usual` if there is no text."""
    if text is None:
        return usual
    least, most = bounds
    allowed = f"{what} from {least:g} to {most:g}"
    value = number(option, text, float, allowed)
    if not least <= value <= most:
        refuse(option, text, allowed)
    return value


def number(option: str, text: str, make: Callable[[str], Number], allowed: str) -> Number:
    """Return the finite number in a text."""
    try:
        value = make(text)
    except ValueError as exc:
        raise UsageError(what=_wrong(option, text, allowed)) from exc
    if not math.isfinite(value):
        refuse(option, text, allowed)
    return value


def refuse(option: str, text: str, allowed: str) -> NoReturn:
    """Report what is wrong with an option, and what is allowed.

    Raises:
        UsageError: always.
    """
    raise UsageError(what=_wrong(option, text, allowed))


def only_own(arguments: Namespace, options: Mapping[str, Collection[str]]) -> None:
    """Reject options that belong to other sources: they would be silently ignored.

    Args:
        arguments: the parsed command line.
        options: the names of each source's own options.
    """
    given = {name for name, value in vars(arguments).items() if value not in (None, False)}
    foreign = given & set().union(*options.values()) - set(options[arguments.source])
    for name in sorted(foreign):
        owners = ", ".join(source for source, names in options.items() if name in names)
        option = f"--{name.replace('_', '-')}"
        raise UsageError(what=f"{option}: --source {arguments.source} has no such option, only {owners}")


def _wrong(option: str, text: str, allowed: str) -> str:
    return f"{option} {text or repr(text)}: needs {allowed}"
