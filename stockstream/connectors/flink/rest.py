"""Flink's REST API: the status of a job, and stopping it with a savepoint."""

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
# Flink's value if no watermark has arrived yet.
NO_WATERMARK = -(1 << 63)
# The source's metric of messages that are still to be read, summed over its subtasks.
LAG = "pendingRecords"
READ = "numRecordsIn"
FETCHES = "KafkaSourceReader.KafkaConsumer.fetch-total"
# An endpoint that was not queried for a while gathers its metrics first.
TIMEOUT = 5.0
GATHERING = 0.5


@dataclass(frozen=True)
class JobStatus:
    """The status of a job.

    Attributes:
        records: messages read since the job was last started; None if Flink does not report it yet.
        lag: messages that wait in the topic; None if Flink does not report it yet.
        watermark: event time that all partitions have passed, less the allowed lateness.
        restarts: how often it continued from a checkpoint by itself.
        reason: the reason of the last failure.
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
        """Return the id of the job with a name that has not ended, or an empty string if there is none."""
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
        """Return how many messages a job has read since its last start, as far as Flink reports it yet."""
        return sum(self._metric(job, self._source(job), READ))

    def status(self, job: str) -> JobStatus:
        """Return the status of a job."""
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
        """End a job with a savepoint and return where it is, or an empty string if the wait was ended.

        Args:
            job: the job's id.
            goes_on: waits a moment; False ends the wait, while Flink continues with the savepoint.

        Raises:
            FlinkError: the savepoint has failed, or the job has ended without one.
        """
        trigger = self._ask(f"/jobs/{job}/stop", {"drain": False})["request-id"]
        away = 0.0
        while True:
            answer = self._ask(f"/jobs/{job}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                return self._place(answer["operation"])
            # The job ends a moment before its savepoint is reported.
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
        """Return the id of the vertex that reads the topic."""
        vertices = self._ask(f"/jobs/{job}")["vertices"]
        return next((each["id"] for each in vertices if "messages[" in each["name"]), "")

    def _records(self, job: str, source: str) -> int | None:
        """Return how many messages were read, waiting a moment for a running job's metrics.

        A query makes Flink gather them, and is answered with those gathered before.
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
        """Return how many messages wait: 0 if the broker was polled and never had one, None if it was not.

        The metric appears with the first message: a job that continued from the topic's end has none.
        """
        if found := self._metric(job, source, LAG):
            return sum(found)
        return 0 if sum(self._metric(job, source, FETCHES)) else None

    def _metric(self, job: str, vertex: str, name: str) -> list[int]:
        """Return a metric of the source, summed over its subtasks."""
        metrics = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics"
        # A gateway numbers the operators of all jobs that were ever submitted to it.
        ours = re.compile(rf"messages\[\d+\]\.{re.escape(name)}$")
        names = [each["id"] for each in self._ask(metrics) if ours.search(each["id"])]
        if not names:
            return []
        found = self._ask(f"{metrics}?get={','.join(names)}&agg=sum")
        return [int(float(each["sum"])) for each in found]

    def _job_metric(self, job: str, name: str) -> list[int]:
        return [int(float(each["value"])) for each in self._ask(f"/jobs/{job}/metrics?get={name}")]

    def _watermark(self, job: str) -> datetime | None:
        """Return the lowest watermark of the vertices that the source feeds."""
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
