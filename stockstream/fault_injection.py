"""Labelled points in an order of effects, where a test makes a process halt or fail."""

from collections.abc import Callable

_listeners: list[Callable[[str], object]] = []


def reached(point: str) -> None:
    """Pass a labelled point; outside of tests nobody listens."""
    for listener in _listeners:
        listener(point)


def inject(listener: Callable[[str], object]) -> None:
    """Have each labelled point told to a listener from now on; it may end the process or raise."""
    _listeners.append(listener)
