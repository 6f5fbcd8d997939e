"""Samples of a running system every few seconds: memory of its processes, lag and freshness."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from threading import Event, Thread
from typing import Any

import psutil

from bench.harness.memory import Footprint
from bench.harness.system import JOBS, System
from stockstream.connectors.kafka.topic import lag
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.errors import StockstreamError
from stockstream.services.supervision.programs import SERVERS


@dataclass(frozen=True)
class Flow:
    """The flow of trades at one moment.

    Args:
        at: seconds since the start of the run.
        sent: messages in the topic.
        stored: how many of them the consumer has processed.
        lag: messages that each job has yet to process.
        age: seconds since the newest stored trade happened, None if there is none.
        viewers: connections of the dashboard.
    """

    at: float
    sent: int
    stored: int
    lag: dict[str, int]
    age: float | None
    viewers: int

    @property
    def line(self) -> str:
        """The state as a line for people."""
        lags = ", ".join(f"{job} {behind:,}" for job, behind in self.lag.items())
        return f"{self.at / 60:.1f} min, {self.stored:,} stored, lag: {lags}"


def columns(samples: Sequence[Any]) -> dict[str, list[Any]]:
    """Return samples as columns, which take less space."""
    rows = [asdict(each) for each in samples]
    return {key: [row[key] for row in rows] for key in (rows[0] if rows else ())}


class Watch:
    """Samples from two threads, so that a server that does not answer does not delay the memory samples."""

    def __init__(self, system: System, every: float) -> None:
        """Create a watch that samples every `every` seconds once it is started."""
        self._system = system
        self._every = every
        self._stop = Event()
        self._began = 0.0
        self._threads = [
            Thread(target=self._look, args=(how,), daemon=True) for how in (self._hold, self._flow)
        ]
        self.footprints: list[Footprint] = []
        self.flows: list[Flow] = []

    def start(self) -> None:
        """Start to sample."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop sampling."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def now(self) -> float:
        """Seconds since the start of the run."""
        return time.monotonic() - self._began

    def _look(self, how: Callable[[], None]) -> None:
        while not self._stop.is_set():
            due = time.monotonic() + self._every
            # A part that is down has no figures, which is not an error of the watch.
            with suppress(StockstreamError, psutil.NoSuchProcess):
                how()
            self._stop.wait(max(due - time.monotonic(), 0))

    def _hold(self) -> None:
        for name in self._system.pids():
            tree = self._system.tree(name)
            with suppress(psutil.NoSuchProcess):
                # A process that is just ending holds nothing any more.
                if tree and (found := _footprint(self.now, name, tree)).uss:
                    self.footprints.append(found)

    def _flow(self) -> None:
        settings = self._system.settings
        ends = self._system.ends()
        with closing(Probes(address_of(settings), settings.kafka_topic)) as probes:
            places = {
                job: {each: place.next_offset for each, place in probes.progress(job).items()} for job in JOBS
            }
            trade = probes.newest_trade()
        self.flows.append(
            Flow(
                at=self.now,
                sent=sum(ends.values()),
                stored=sum(places["consumer"].values()),
                lag={job: sum(lag(ends, places[job]).values()) for job in JOBS},
                age=trade.age if trade else None,
                viewers=_connections(self._system.tree("dashboard")),
            )
        )


def _footprint(at: float, name: str, tree: list[psutil.Process]) -> Footprint:
    root = tree[0]
    # A server that has lost a session to a kill restarts its own processes: that is another life.
    first = tree[1] if name in SERVERS and len(tree) > 1 else root
    held = [each for each in map(_memory, tree) if each]
    return Footprint(
        at=at,
        name=name,
        life=f"{root.pid}-{first.pid}",
        age=time.time() - first.create_time(),
        uss=sum(uss for uss, _, _ in held),
        pss=sum(pss for _, pss, _ in held),
        rss=sum(rss for _, _, rss in held),
    )


def _memory(process: psutil.Process) -> tuple[int, int, int] | None:
    try:
        found = process.memory_full_info()
    except psutil.NoSuchProcess:
        return None
    # Only Linux reports proportional sizes.
    return found.uss, getattr(found, "pss", found.uss), found.rss


def _connections(tree: list[psutil.Process]) -> int:
    return sum(
        connection.status == psutil.CONN_ESTABLISHED
        for process in tree
        for connection in process.net_connections("tcp")
        if connection.laddr and connection.raddr and _is_own(process, connection.laddr.port)
    )


def _is_own(process: psutil.Process, port: int) -> bool:
    listening = {
        each.laddr.port for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN
    }
    return port in listening
