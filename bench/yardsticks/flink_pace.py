"""How fast a Flink job reads its topic, by the job's own count of records."""

import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from stockstream.connectors.flink.rest import Flink
from stockstream.errors import FlinkError

# As often as Flink gathers its numbers.
LOOK_EVERY = 0.2
# Steady is what comes after this share of all: before it, Java compiles.
WARM = 0.2


class JobPace:
    """Looks at the count of a local Flink's job for the time of the block."""

    def __init__(self, port: int, job: str) -> None:
        """Prepare; `port` is that of Flink's page, which need not be there yet, `job` a name."""
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
        """How many records were read, as far as Flink tells yet."""
        return max((count for _, count in list(self._seen)), default=0)

    @property
    def rate(self) -> float | None:
        """Records a second, between the first looks that saw the warm share and all; None if they are one."""
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
                # Its page comes with the job.
                continue
            self._seen.append((time.monotonic(), count))
