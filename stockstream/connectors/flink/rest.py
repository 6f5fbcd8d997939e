"""Flink's REST API: what a job does, and stopping it with a savepoint."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stockstream.connectors.flink.http import ask, root_cause
from stockstream.errors import FlinkError

LOOK_EVERY = 0.2
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})
# What Flink says where no watermark has come yet.
NO_WATERMARK = -(1 << 63)
# A place in a topic that its source knows: how many messages are still to be read, over its subtasks.
LAG = "pendingRecords"
READ = "numRecordsIn"
FETCHES = "KafkaSourceReader.KafkaConsumer.fetch-total"
# A page that nobody has looked at for a while gathers its numbers first.
TIMEOUT = 5.0
GATHERING = 0.5


@dataclass(frozen=True)
class JobStatus:
    """What a job does.

    Attributes:
        records: messages read since the job was last started.
        lag: messages that wait in the topic. Both are None where Flink does not tell yet.
        watermark: event time that all partitions have passed, less the allowed lateness.
        restarts: how often it went on from a checkpoint by itself.
        reason: of the last failure.
    """

    job: str
    state: str
    records: int | None
    lag: int | None
    watermark: datetime | None
    checkpoints: int
    failed_checkpoints: int
    last_checkpoint: datetime | None
    restarts: int
    reason: str | None


class Flink:
    """A Flink cluster at an address such as http://localhost:8081."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def running(self, name: str) -> str:
        """Return the id of the job of a name that has not ended; empty where there is none."""
        jobs = self._ask("/jobs/overview")["jobs"]
        return next((job["jid"] for job in jobs if job["name"] == name and job["state"] not in ENDED), "")

    def state(self, job: str) -> str:
        """Return a job's state: RUNNING, FINISHED, FAILED and so on."""
        return str(self._ask(f"/jobs/{job}/status")["status"])

    def failure(self, job: str) -> str | None:
        """Return the reason of a job's last failure."""
        entries = self._ask(f"/jobs/{job}/exceptions").get("exceptionHistory", {}).get("entries", [])
        return root_cause(entries[0]["stacktrace"]) if entries else None

    def records(self, job: str) -> int:
        """Return how many messages a job has read since it was last started, as far as Flink tells yet."""
        return sum(self._metric(job, self._source(job), READ))

    def status(self, job: str) -> JobStatus:
        """Return what a job does."""
        checkpoints = self._ask(f"/jobs/{job}/checkpoints")
        last = (checkpoints.get("latest") or {}).get("completed") or {}
        source = self._source(job)
        records = self._records(job, source)
        return JobStatus(
            job=job,
            state=self.state(job),
            records=records,
            lag=self._lag(job, source),
            watermark=self._watermark(job),
            checkpoints=int((checkpoints.get("counts") or {}).get("completed", 0)),
            failed_checkpoints=int((checkpoints.get("counts") or {}).get("failed", 0)),
            last_checkpoint=_moment(last.get("latest_ack_timestamp")),
            restarts=sum(self._job_metric(job, "numRestarts")),
            reason=self.failure(job),
        )

    def stop(self, job: str, goes_on: Callable[[], bool]) -> str:
        """End a job with a savepoint; returns where that is, nothing where the waiting was ended.

        Args:
            goes_on: waits a moment; false ends the waiting, while Flink goes on with the savepoint.

        Raises:
            FlinkError: the savepoint has failed, or the job has ended without one.
        """
        trigger = self._ask(f"/jobs/{job}/stop", {"drain": False})["request-id"]
        away = 0.0
        while True:
            answer = self._ask(f"/jobs/{job}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                return self._place(answer["operation"])
            # The job ends a moment before its savepoint is told.
            if (state := self.state(job)) in ENDED:
                away = away or time.monotonic()
                if time.monotonic() > away + TIMEOUT:
                    raise FlinkError(what=f"the job has ended without a savepoint ({state.lower()})")
            if not goes_on():
                return ""

    def _place(self, operation: dict[str, Any]) -> str:
        if "location" not in operation:
            trace = str(operation.get("failure-cause", {}).get("stack-trace", ""))
            raise FlinkError(what=f"the savepoint has failed ({root_cause(trace)}); the job goes on")
        return str(operation["location"])

    def _source(self, job: str) -> str:
        """Return the id of the part of the job that reads the topic."""
        vertices = self._ask(f"/jobs/{job}")["vertices"]
        return next((each["id"] for each in vertices if "messages[" in each["name"]), "")

    def _records(self, job: str, source: str) -> int | None:
        """Return how many messages were read; waits a moment for a running job's numbers.

        A question makes Flink gather them, and is answered with those that it had gathered before.
        """
        deadline = time.monotonic() + TIMEOUT
        self._metric(job, source, READ)
        time.sleep(GATHERING)
        while not (found := self._metric(job, source, READ)):
            if time.monotonic() > deadline or self.state(job) != "RUNNING":
                return None
            time.sleep(LOOK_EVERY)
        return sum(found)

    def _lag(self, job: str, source: str) -> int | None:
        """Return how many messages wait; none if the broker was asked and never had one.

        The lag appears with the first message: a job that went on from the topic's end has none.
        """
        if found := self._metric(job, source, LAG):
            return sum(found)
        return 0 if sum(self._metric(job, source, FETCHES)) else None

    def _metric(self, job: str, vertex: str, name: str) -> list[int]:
        """Return a number of each subtask of the source."""
        metrics = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics"
        # A gateway numbers the parts of all jobs that it was ever sent.
        ours = re.compile(rf"messages\[\d+\]\.{re.escape(name)}$")
        names = [each["id"] for each in self._ask(metrics) if ours.search(each["id"])]
        if not names:
            return []
        found = self._ask(f"{metrics}?get={','.join(names)}&agg=sum")
        return [int(float(each["sum"])) for each in found]

    def _job_metric(self, job: str, name: str) -> list[int]:
        return [int(float(each["value"])) for each in self._ask(f"/jobs/{job}/metrics?get={name}")]

    def _watermark(self, job: str) -> datetime | None:
        """Return the least watermark of those parts of the job that the source feeds."""
        found = []
        for vertex in self._ask(f"/jobs/{job}")["vertices"]:
            marks = self._ask(f"/jobs/{job}/vertices/{vertex['id']}/watermarks")
            found += [int(each["value"]) for each in marks]
        found = [each for each in found if each > NO_WATERMARK]
        return _moment(min(found)) if found else None

    def _ask(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        return ask(self.url + path, body)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
