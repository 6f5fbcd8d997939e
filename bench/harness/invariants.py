"""Checks of a finished run against every promise: by the product's own audit, and by independent means.

Independent of the product are the plain SQL and the ledger of the fault tests, and the comparison of the
topic with the tape.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bench.harness.system import System
from bench.load.tape_of_topic import Comparison, compare
from bench.load.witness import SOURCE
from testkit.feed import Feed
from testkit.invariants import broken
from testkit.judgement import Judgement, judge

HEALTH_LOOKS = 30


@dataclass(frozen=True)
class Outcome:
    """The results; `broken` lists the promises that do not hold, one line each."""

    audit: list[dict[str, Any]]
    comparison: Comparison
    witness: Judgement
    witnessed: int
    broken: list[str]

    def facts(self) -> dict[str, Any]:
        """Return the results for JSON."""
        return asdict(self)


def healthy(system: System, pause: Callable[[], object]) -> list[str]:
    """Return what test_system.py reports as unhealthy, in lines; recovery may take half a minute."""
    ill: list[str] = []
    for _ in range(HEALTH_LOOKS):
        found = system.examined()
        if found["healthy"]:
            return []
        ill = [f"{each['name']}: {each['detail']}" for each in found["checks"] if each["state"] == "failed"]
        pause()
    return ill


def finish(system: System, feed: Feed, say: Callable[[str], None]) -> Outcome:
    """Stop the trades, let every job finish the rest, and check the system's promises.

    Raises:
        ServiceError: a job does not reach the end of the topic.
    """
    say("the last trades")
    system.supervisor.stop(["producer"])
    feed.stop()
    system.settle()
    return _hold(system, feed, say)


def _hold(system: System, feed: Feed, say: Callable[[str], None]) -> Outcome:
    say("the audit, test_system.py --audit")
    audit = system.examined("--audit")["checks"]
    with system.connected() as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET work_mem = '512MB'")
        connection.commit()
        say("the invariants as plain SQL")
        faults = broken(connection, with_candles=True)
        say("the witness's ledger")
        witness = judge(connection, feed.trades, feed.bad, SOURCE)
        say("every message of the topic")
        comparison = compare(system.settings, connection, system.ends())
    lines = [f"audit, {each['name']}: {each['detail']}" for each in audit if each["state"] == "failed"]
    lines += [f"{name}: {count:,} times" for name, count in faults.items()]
    lines += [] if witness.is_clean else [f"the witness's trades: {witness}"]
    if comparison.lost or comparison.twice or comparison.foreign:
        lines.append(f"topic and tape: {comparison}")
    return Outcome(audit, comparison, witness, len(feed.trades.acknowledged), lines)
