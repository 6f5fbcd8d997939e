"""The whole system for an hour, a random fault each minute: is all right in the end, and is memory flat.

Everything runs as ./start.sh runs it, under its supervisor, which brings back what is killed. Beside the
producer a witness sends a hundred messages a second of its own making, some late, some sent before, some no
trades, and keeps a ledger of them. A browser without a screen looks at the dashboard. Ctrl-C ends it early,
and what was measured by then is reported.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from bench.harness.disk_room import require_room
from bench.harness.fault_schedule import Fault, schedule
from bench.harness.faults import Inflicted, inflict, recovery
from bench.harness.invariants import finish, healthy
from bench.harness.options import whole
from bench.harness.progress import ProgressReporter, progress_shown
from bench.harness.report import Report, check_paths
from bench.harness.sampling import Watch
from bench.harness.stage import InterruptedBenchError
from bench.harness.system import System, running_system
from bench.load.browser import looking_on, required_browser
from bench.load.sustainable_rate import warmed_up
from bench.load.witness import witness
from bench.reports.soak_report import report
from stockstream.commands.argument_types import positive


def add_options(parser: ArgumentParser) -> None:
    """Add the options for duration, rate and faults."""
    add = parser.add_argument
    add("--minutes", type=positive, default=60.0, metavar="M", help="(%(default)g)")
    add("--rate", type=whole, default=5_000, metavar="R", help="trades a second (%(default)s)")
    add("--fault-every", type=positive, default=60.0, metavar="S", help="seconds (%(default)g)")
    add("--seed", type=int, default=7, metavar="N", help="of the faults (%(default)s)")
    add("--look-every", type=positive, default=5.0, metavar="S", help="seconds (%(default)g)")
    add("--no-viewer", action="store_true", help="nobody looks at the dashboard")
    add("--logs", type=Path, metavar="DIR", help="keep the processes' logs there")


def measure(arguments: Namespace, stop: Event) -> Report:
    """Run the system, then check every promise."""
    seconds = 60 * arguments.minutes
    check_paths(arguments.logs and arguments.logs / "kafka.log")
    require_room(arguments.rate * seconds)
    faults = schedule(arguments.seed, seconds, arguments.fault_every)
    browser = None if arguments.no_viewer else required_browser()
    with progress_shown() as on_progress:
        on_progress.wait_for("the system to come up")
        with running_system(arguments.rate, arguments.logs) as system, looking_on(system, browser):
            return _soaked(system, faults, arguments, on_progress, stop)


def _soaked(
    system: System, faults: list[Fault], arguments: Namespace, on_progress: ProgressReporter, stop: Event
) -> Report:
    watch, done = Watch(system, arguments.look_every), list[Inflicted]()
    with witness(system, arguments.seed) as feed:
        on_progress.wait_for("the detector to learn")
        # Work left by the first start is not caused by a fault.
        warmed_up(system, stop)
        watch.start()
        for fault in faults:
            if _until(fault.at, watch, on_progress, stop):
                break
            done += _one(system, fault, watch, on_progress, stop)
        _until(60 * arguments.minutes, watch, on_progress, stop)
        watch.end()
        if not watch.flows:
            raise InterruptedBenchError
        on_progress.say("no more faults" if not stop.is_set() else "ended early; Ctrl-C again ends at once")
        ill = healthy(system, lambda: Event().wait(1))
        held = finish(system, feed, on_progress.wait_for)
    return report(arguments, watch, done, held, ill)


def _one(
    system: System, fault: Fault, watch: Watch, on_progress: ProgressReporter, stop: Event
) -> Iterator[Inflicted]:
    began = watch.now
    on_progress.wait_for(fault.name)
    inflict(system, fault, stop)
    if (found := recovery(system, stop)) is not None:
        inflicted = Inflicted(fault, began, found)
        took = "not recovered" if inflicted.seconds is None else f"recovered in {inflicted.seconds:.1f} s"
        on_progress.say(f"{fault.name}: {took}")
        yield inflicted


def _until(at: float, watch: Watch, on_progress: ProgressReporter, stop: Event) -> bool:
    """Wait for a time of the run, showing progress; return whether `stop` came first."""
    while (left := at - watch.now) > 0 and not stop.is_set():
        if watch.flows:
            on_progress.go_on(watch.flows[-1].line)
        stop.wait(min(left, 1.0))
    return stop.is_set()
