"""Gaps of live feeds: reported if there are recent ones; they are not a fault of this system."""

from stockstream.connectors.postgres.read.probes import NewestGap
from stockstream.jobs.health.check_result import Check, ok


def judge_gaps(gap: NewestGap | None) -> list[Check]:
    """Report the gaps of the last day; return nothing if there are none."""
    if gap is None:
        return []
    newest = f"{gap.symbol} of {gap.source} after {gap.start:%Y-%m-%d %H:%M:%S} UTC ({gap.reason})"
    return [ok("feed gaps", f"{gap.count:,} noted within a day, the newest: {newest}")]
