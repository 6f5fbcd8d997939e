"""The reading rate of a Flink job, by the job's own count of records."""

import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from stockstream.connectors.flink.rest import Flink
from stockstream.errors import FlinkError

# As often as Flink gathers its metrics.
LOOK_EVERY = 0.2
# The steady rate starts after this share of all records: before it, Java compiles.
WARM = 0.2


class JobPace:
    """Samples the count of a local Flink's job during the block."""

    def __init__(self, port: int, job: str) -> None:
        """Create a sampler of the job named `job`; Flink's REST endpoint at `port` need not be up yet."""
        self._job = job
        self._flink = Flink(f"http://127.0.0.1:{port}")
        self._seen: list[tuple[float, int]] = []
        self._is_over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def count(self) -> int:
        """The number of records read, as far as Flink reports it yet."""
        return max((count for _, count in list(self._seen)), default=0)

    @property
    def rate(self) -> float | None:
        """Records a second between the samples with the warm share and with all, None if they coincide."""
        seen, most = list(self._seen), self.count
        (began, first), (ended, last) = (
            next(((at, count) for at, count in seen if count >= least), (0.0, 0))
            for least in (max(most * WARM, 1), most)
        )
        return (last - first) / (ended - began) if ended > began else None

    def _look(self) -> None:
        while not self._is_over.wait(LOOK_EVERY):
            try:
                job = self._flink.running(self._job)
                count = self._flink.records(job) if job else 0
            except FlinkError:
                # Its REST endpoint starts with the job.
                continue
            self._seen.append((time.monotonic(), count))
