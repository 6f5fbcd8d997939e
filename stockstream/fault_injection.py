"""Labelled points in an order of effects, at which a test makes a process halt or fail."""

from collections.abc import Callable

_listeners: list[Callable[[str], object]] = []


def reached(point: str) -> None:
    """Call the listeners at a labelled point; there are none outside of tests."""
    for listener in _listeners:
        listener(point)


def inject(listener: Callable[[str], object]) -> None:
    """Call a listener at each labelled point from now on; it may end the process or raise."""
    _listeners.append(listener)
