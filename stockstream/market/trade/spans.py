"""Spans of a partition: from a first offset to an end (excluded)."""

from collections import Counter
from collections.abc import Mapping, Sequence


def count_absent(spans: Mapping[int, tuple[int, int]], partitions: Sequence[int]) -> dict[int, int]:
    """Return how many offsets of each span hold no message, for the spans that have any.

    Args:
        spans: the spans, by partition.
        partitions: the partition of each message; every message lies in its partition's span.
    """
    lengths = {partition: end - begin for partition, (begin, end) in spans.items()}
    # Hardly any batch has such offsets, so messages are counted by partition only if the total differs.
    if sum(lengths.values()) == len(partitions):
        return {}
    return dict(Counter(lengths) - Counter(partitions))
