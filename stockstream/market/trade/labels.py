"""The content of a label: the kind of an injected anomaly and the episode that the trade is part of.

It is stored in a message's `anomaly` field, for evaluation; no detector reads it.

>>> label("price_spike", "5f3a9c21-17")
'price_spike#5f3a9c21-17'
>>> read_label("price_spike#5f3a9c21-17")
Label(kind='price_spike', episode='5f3a9c21-17')
>>> read_label("halt")
Label(kind='halt', episode=None)
"""

from typing import NamedTuple

SEPARATOR = "#"


class Label(NamedTuple):
    """A kind, and one of its episodes; None if the author of the label has not given it."""

    kind: str
    episode: str | None


def label(kind: str, episode: str) -> str:
    """Return the text of a label; an episode is unique over all runs of all producers."""
    return f"{kind}{SEPARATOR}{episode}"


def read_label(text: str) -> Label:
    """Return the content of a label."""
    kind, separator, episode = text.partition(SEPARATOR)
    return Label(kind, episode if separator else None)
