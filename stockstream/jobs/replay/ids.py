"""Files that are replayed together: the same id in two of them must be the same trade."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial

from stockstream.errors import UsageError
from stockstream.jobs.replay.rows import Look
from stockstream.market.files.identity import Content, Keys, Reading, content_of, key_of

MOST_COMPARED = 10_000


def refuse_shared_ids(looks: Sequence[Look]) -> None:
    """Reject files of one tape that give an id to two trades: the tape would store only the first.

    Args:
        looks: the first passes over the files.

    Raises:
        UsageError: names such an id, and what distinguishes the files.
    """
    tapes: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        tapes[look.source].append(look)
    for files in tapes.values():
        shared = Keys.shared([look.keys for look in files], MOST_COMPARED)
        if shared.size:
            compared = _Compared(frozenset(shared.tolist()), files[0].id_parts)
            for look in files:
                look.each_reading(shared, partial(compared.add, look))


class _Compared:
    """The trades of some ids, as they were first read."""

    def __init__(self, shared: Collection[int], parts: Collection[str]) -> None:
        self._shared, self._parts = shared, parts
        self._known: dict[str, tuple[Content, str]] = {}

    def add(self, look: Look, line: int, reading: Reading) -> None:
        key = key_of(reading, self._parts)
        if not reading.has_id or hash(key) not in self._shared:
            return
        content, where = content_of(reading.trade), f"line {line:,} of {look.file.path}"
        former, there = self._known.setdefault(key, (content, where))
        if former != content:
            trade = reading.trade
            what = f"trade_id {trade.trade_id} of {trade.symbol} is two trades', {there} and {where}"
            remedy = (
                "replay them one by one, each with a --source-name of its own, or tell ids apart by --id-per"
            )
            raise UsageError(what=f"{what}, on the one tape {trade.source}: {remedy}")
