"""The audit: check the six invariants on the live tape without stopping it.

1. In each partition, stored + dead letters + counted repeats + offsets without a message (+ what was lost or
   pruned) = consumed.
2. Each record position is used once across trades and dead letters.
3. Each trade is stored once, across all days.
4. No record position lies at or above the next offset, and no committed offset decreases during the audit.
5. Each reconciled candle equals plain SQL over all trades of its minute, in every column; waiting minutes are
   reported.
6. The group offset in Kafka is not ahead of the committed offset in PostgreSQL.

Memory is one bit per record position and one portion of rows, whatever the size of the tape.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from stockstream.connectors.postgres.read.audit import HOUR, AuditedTape, CandleCount, ConsumedOffsets
from stockstream.connectors.postgres.read.trade_reader import BEGINNING
from stockstream.errors import StockstreamError
from stockstream.jobs.health.check_result import Check, failed, happened, ok, waiting
from stockstream.market.trade.position_set import Offsets, PositionSet

# Another process may be a moment behind, so an apparent fault is checked this many times.
LOOKS = 5

RECONCILE = "does a reconciler run? An aggregator is one; beside Flink: python aggregator.py --reconcile-only"
CATCH_UP = "is the database an older one? Start the consumer: it catches up"

GroupOffsets = Callable[[Iterable[int]], Mapping[int, int]]
Progress = Callable[[str, float], None]


def audit(
    tape: AuditedTape, group_offsets: GroupOffsets, pause: Callable[[], object], progress: Progress
) -> list[Check]:
    """Return the check result of each invariant.

    Args:
        tape: the stored trades, dead letters, candles and committed offsets.
        group_offsets: asks the broker for the group offsets of the given partitions.
        pause: waits between two checks of an apparent fault; one second is appropriate.
        progress: called with what is being checked and the share of it that is done.
    """
    offsets = tape.offsets()
    if not offsets:
        return [waiting("audit", "no trade has been consumed yet")]
    pruned = tape.whole_since()
    progress("places", 0.0)
    taken = _taken(tape, offsets)
    once = _stored_once(tape, progress)
    tape.look_anew()
    return [
        _accounted(offsets, taken, pruned),
        _unique(taken),
        once,
        _below(offsets, tape.offsets(), taken),
        _candles(tape, pruned or BEGINNING, pause, progress),
        _hinted(tape, group_offsets),
    ]


def _taken(tape: AuditedTape, offsets: list[ConsumedOffsets]) -> dict[int, tuple[PositionSet, int]]:
    """Return the positions used in each partition, and how many of them are used by dead letters."""
    taken = {place.partition: PositionSet(place.next_offset) for place in offsets}
    nowhere = PositionSet(0)

    def take(partition: int, offsets: Offsets) -> None:
        taken.setdefault(partition, nowhere).take(offsets)

    tape.trades(take)
    trades = {partition: each.count for partition, each in taken.items()}
    tape.dead_letters(take)
    return {partition: (each, each.count - trades.get(partition, 0)) for partition, each in taken.items()}


def _accounted(
    offsets: list[ConsumedOffsets], taken: Mapping[int, tuple[PositionSet, int]], pruned: datetime | None
) -> Check:
    name = "1 all accounted for"
    missing, faults = 0, []
    for place in offsets:
        found, _ = taken[place.partition]
        gap = place.next_offset - found.count - place.duplicates - place.absent - place.lost
        missing += gap
        if gap < 0 or (gap and pruned is None):
            free = ", ".join(f"{each:,}" for each in found.free())
            faults.append(
                f"partition {place.partition}: {gap:,} of {place.next_offset:,} missing, free: {free}"
            )
    if faults:
        return failed(
            name,
            "; ".join(faults),
            "a message was passed over: read the topic again into a new database and compare",
        )
    consumed = sum(place.next_offset for place in offsets)
    dead = sum(letters for _, letters in taken.values())
    stored = sum(each.count for each, _ in taken.values()) - dead
    rest = [(sum(place.duplicates for place in offsets), "repeats")]
    rest += [(sum(place.absent for place in offsets), "offsets without a message")]
    rest += [(sum(place.lost for place in offsets), "lost before they were read"), (missing, "pruned")]
    summary = "".join(f" + {count:,} {what}" for count, what in rest if count)
    return ok(name, f"{consumed:,} consumed = {stored:,} stored + {dead:,} dead letters{summary}")


def _unique(taken: Mapping[int, tuple[PositionSet, int]]) -> Check:
    name = "2 places are taken once"
    faults = [f"partition {each}: {found.twice}" for each, (found, _) in taken.items() if found.twice]
    if faults:
        return failed(name, "; ".join(faults), "two rows claim one message: compare them with the topic")
    ranges = ", ".join(f"{each}: below {found.end:,}" for each, (found, _) in sorted(taken.items()))
    return ok(name, f"{sum(each.count for each, _ in taken.values()):,} places; partition {ranges}")


def _stored_once(tape: AuditedTape, progress: Progress) -> Check:
    name = "3 trades are stored once"
    pairs = tape.overlapping_days()
    for number, (one, other) in enumerate(pairs):
        progress(f"{one} and {other}", number / len(pairs))
        if found := tape.in_both(one, other):
            return failed(
                name, f"in {one} and {other}: {', '.join(found)}", "delete one of each by its place"
            )
    return ok(name, f"by the key of each day, and by {len(pairs)} comparisons of days that could share ids")


def _below(
    before: list[ConsumedOffsets], after: list[ConsumedOffsets], taken: Mapping[int, tuple[PositionSet, int]]
) -> Check:
    name = "4 places only grow"
    now = {place.partition: place.next_offset for place in after}
    faults = [
        f"partition {place.partition} went back from {place.next_offset:,} to {now.get(place.partition, 0):,}"
        for place in before
        if now.get(place.partition, 0) < place.next_offset
    ]
    faults += [
        f"partition {each} has rows at {found.beyond}" for each, (found, _) in taken.items() if found.beyond
    ]
    if faults:
        return failed(name, "; ".join(faults), CATCH_UP)
    return ok(name, f"{sum(now.values()) - sum(each.next_offset for each in before):,} more since the begin")


def _candles(tape: AuditedTape, since: datetime, pause: Callable[[], object], progress: Progress) -> Check:
    name = "5 candles equal SQL"
    hours = tape.hours(since)
    found = dict[datetime, CandleCount]()
    for look in range(LOOKS):
        left = [hour for hour in hours if hour not in found or found[hour].wrong]
        if look and left:
            pause()
        for number, hour in enumerate(left):
            progress(f"candles of {hour:%Y-%m-%d %H:%M}", number / len(left))
            tape.look_anew()
            found[hour] = tape.candles(max(hour, since), hour + HOUR)
    reconciled = sum(each.reconciled for each in found.values())
    wrong = sum(each.wrong for each in found.values())
    faults = [fault for hour in hours for fault in found[hour].faults][:5]
    if wrong:
        remedy = "python database.py rebuild mends them"
        return failed(name, f"{wrong:,} differ: {'; '.join(faults)}", remedy)
    span = (
        f", {max(hours[0], since):%Y-%m-%d %H:%M} to {hours[-1] + HOUR:%Y-%m-%d %H:%M} UTC" if hours else ""
    )
    summary = f"{reconciled:,} reconciled candles{span}"
    return _waiting(tape, sum(each.waiting for each in found.values()), name, summary)


def _waiting(tape: AuditedTape, minutes: int, name: str, summary: str) -> Check:
    if not minutes:
        return ok(name, summary)
    since = tape.waiting_since()
    age = f", the oldest since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
    return waiting(name, f"{summary}; {minutes:,} wait to be reconciled{age}", RECONCILE)


def _hinted(tape: AuditedTape, group_offsets: GroupOffsets) -> Check:
    name = "6 Kafka's hint is behind"
    # Read the group offsets first: the committed offsets may grow in between, and must not be behind them.
    try:
        committed = group_offsets([place.partition for place in tape.offsets()])
    except StockstreamError as exc:
        return failed(name, happened(exc), "python test_system.py tells more")
    tape.look_anew()
    now = {place.partition: place.next_offset - place.base for place in tape.offsets()}
    ahead = [
        f"partition {each}: {at:,} over {now[each]:,}" for each, at in committed.items() if at > now[each]
    ]
    if ahead:
        return failed(name, "; ".join(ahead), CATCH_UP)
    return ok(name, f"{sum(now[each] - max(at, 0) for each, at in committed.items()):,} behind the truth")
