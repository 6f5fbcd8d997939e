"""Spans of a partition: from the offset where one begins to the one where it ends, excluded."""

from collections import Counter
from collections.abc import Mapping, Sequence


def count_absent(spans: Mapping[int, tuple[int, int]], partitions: Sequence[int]) -> dict[int, int]:
    """Return how many offsets of each span hold no message, for the spans that have any.

    Args:
        partitions: of each message; every message lies in its partition's span.
    """
    lengths = {partition: end - begin for partition, (begin, end) in spans.items()}
    # Hardly any batch has them, so messages are counted by partition only where their number tells.
    if sum(lengths.values()) == len(partitions):
        return {}
    return dict(Counter(lengths) - Counter(partitions))
