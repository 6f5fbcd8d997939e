"""The whole system is given ten times what it can do: is anything lost, does it come back by itself.

Everything runs as ./start.sh runs it, its producer at a normal pace all the time. First the sustainable rate
is looked for: the highest at which no job is more than a second behind. Then a second producer sends ten
times as much, or as much as it can make beside the rest, which is reported. Then it ends, and the clock runs
until every job is within a second of the normal pace again and test_system.py says healthy.
"""

import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

from bench.harness.disk_room import ALWAYS, require_room
from bench.harness.invariants import finish, healthy
from bench.harness.options import whole
from bench.harness.progress import ProgressReporter, progress_shown
from bench.harness.report import Report, check_paths
from bench.harness.sampling import Watch
from bench.harness.stage import InterruptedBenchError
from bench.harness.system import System, behind, running_system
from bench.load.browser import looking_on, required_browser
from bench.load.sustainable_rate import fed, highest, sustained, warmed_up
from bench.load.witness import witness
from bench.reports.overload_report import Flood, report
from stockstream.commands.argument_types import positive
from stockstream.errors import RecoverableError

MOST = 400_000  # trades a second, more than the producer can make
LOOK_EVERY = 2.0  # seconds between two samples
GLANCE = 0.5


def add_options(parser: ArgumentParser) -> None:
    """Add the options for duration, load and known rate."""
    add = parser.add_argument
    add("--minutes", type=positive, default=5.0, metavar="M", help="of overload (%(default)g)")
    add("--times", type=positive, default=10.0, metavar="N", help="the sustainable rate (%(default)g)")
    add("--sustainable", type=whole, metavar="R", help="trades a second (default: looked for)")
    add("--try-seconds", type=positive, default=20.0, metavar="S", help="at each rate (%(default)g)")
    add("--normal", type=whole, default=1_000, metavar="R", help="trades a second anyhow (%(default)s)")
    add("--timeout", type=positive, default=90.0, metavar="M", help="minutes to recover (%(default)g)")
    add("--seed", type=int, default=7, metavar="N", help="of the witness (%(default)s)")
    add("--no-viewer", action="store_true", help="nobody looks at the dashboard")
    add("--logs", type=Path, metavar="DIR", help="keep the processes' logs there")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Find the rate, overload the system, wait, and check every promise.

    Raises:
        UsageError: the disk has no room for the overload, or there is no browser.
    """
    check_paths(arguments.logs and arguments.logs / "kafka.log")
    require_room(_trades(arguments, arguments.sustainable or 0))
    browser = None if arguments.no_viewer else required_browser()
    with progress_shown() as on_progress:
        on_progress.wait_for("the system to come up")
        with running_system(arguments.normal, arguments.logs) as system, looking_on(system, browser):
            return _overloaded(system, arguments, on_progress, stop)


def _overloaded(system: System, arguments: Namespace, on_progress: ProgressReporter, stop: Event) -> Report:
    on_progress.wait_for("the detector to learn")
    on_progress.say("every symbol is learned" if warmed_up(system, stop) else "not every symbol is learned")
    rate = int(arguments.sustainable or _looked_for(system, arguments, on_progress, stop))
    require_room(_trades(arguments, rate))
    run = _Run(system, arguments, on_progress, stop)
    with witness(system, arguments.seed) as feed:
        run.watch.start()
        flood = run.flooded(rate)
        run.watch.end()
        outcome = finish(system, feed, on_progress.wait_for)
    return report(arguments, run.watch, flood, outcome)


def _trades(arguments: Namespace, sustainable: int) -> float:
    return float(60 * arguments.minutes * min(arguments.times * sustainable, MOST))


def _looked_for(system: System, arguments: Namespace, on_progress: ProgressReporter, stop: Event) -> int:
    def is_sustained(rate: int) -> bool:
        on_progress.wait_for(f"{rate:,} trades/s to be sustained or not")
        found = sustained(system, rate, arguments.try_seconds, stop)
        if stop.is_set():
            raise InterruptedBenchError
        on_progress.say(f"{rate:,} trades/s {'sustained' if found else 'not sustained'}")
        return found

    return highest(is_sustained)


class _Run:
    """One overload of a running system; Ctrl-C ends each of its waits."""

    def __init__(
        self, system: System, arguments: Namespace, on_progress: ProgressReporter, stop: Event
    ) -> None:
        self.watch = Watch(system, LOOK_EVERY)
        self._system = system
        self._arguments = arguments
        self._tell = on_progress
        self._stop = stop

    def flooded(self, rate: int) -> Flood:
        """Overload the system, and wait until it is healthy again.

        Args:
            rate: the rate that it can sustain.
        """
        asked, system, began = round(self._arguments.times * rate), self._system, self.watch.now
        before = sum(system.ends().values())
        with fed(system, min(asked, MOST)):
            cut_short = self._wait(60 * self._arguments.minutes, self._is_full)
        sent, ended, left = sum(system.ends().values()) - before, self.watch.now, behind(system)
        self._tell.say(f"{sent / (ended - began):,.0f} trades/s, {asked:,} asked; now it may recover")
        is_level = self._wait(60 * self._arguments.timeout, self._is_level)
        level = self.watch.now
        is_well = is_level and not healthy(system, lambda: self._stop.wait(1))
        return Flood(
            sustainable=rate,
            asked=asked,
            sent=sent,
            seconds=ended - began,
            began=began,
            left=left,
            level=level - ended if is_level else None,
            healthy=self.watch.now - ended if is_well else None,
            cut_short=cut_short,
            disk_bytes=system.disk_bytes(),
        )

    def _wait(self, seconds: float, holds: Callable[[], bool]) -> bool:
        """Wait at most `seconds` until a condition holds, and return whether it does."""
        end = self.watch.now + seconds
        while self.watch.now < end and not self._stop.wait(GLANCE):
            if holds():
                return True
            if self.watch.flows:
                self._tell.go_on(self.watch.flows[-1].line)
        return False

    def _is_level(self) -> bool:
        with suppress(RecoverableError):
            return max(behind(self._system).values()) < int(self._arguments.normal)
        return False

    def _is_full(self) -> bool:
        return shutil.disk_usage(self._system.settings.data_dir).free < ALWAYS
