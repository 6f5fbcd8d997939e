"""Gaps of live feeds: said where there are new ones; they are no fault of this system."""

from stockstream.connectors.postgres.read.probes import NewestGap
from stockstream.jobs.health.check_result import Check, ok


def judge_gaps(gap: NewestGap | None) -> list[Check]:
    """Tell of the gaps of the last day, and nothing where there is none."""
    if gap is None:
        return []
    newest = f"{gap.symbol} of {gap.source} after {gap.start:%Y-%m-%d %H:%M:%S} UTC ({gap.reason})"
    return [ok("feed gaps", f"{gap.count:,} noted within a day, the newest: {newest}")]
