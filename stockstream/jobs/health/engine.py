"""The engine, aggregator or Flink; and the state of Flink's job if it is Flink."""

from collections.abc import Callable

from stockstream.connectors.flink.rest import Flink, JobStatus
from stockstream.errors import FlinkError, StockstreamError
from stockstream.jobs.health.check_result import Check, failed, happened, ok, waiting
from stockstream.jobs.health.lag import FEW, SECONDS_OF_FLOW
from stockstream.jobs.health.samples import SamplePair
from stockstream.jobs.health.tables import TablesSample

REMEDY = "python flink_processor.py status"
RUNNING = "RUNNING"

JobSample = SamplePair[JobStatus] | None


def look_at_job(
    page: str, name: str, tables: Callable[[], TablesSample | StockstreamError], pause: Callable[[], object]
) -> JobSample:
    """Sample Flink's job if the tables name Flink as the engine; sample a job that is behind twice.

    Raises:
        FlinkError: its REST endpoint does not answer, or knows no such job.
    """
    seen = tables()
    if not isinstance(seen, TablesSample) or seen.engine != "flink":
        return None
    flink = Flink(page)
    job = flink.running(name)
    if not job:
        raise FlinkError(what=f"{page} knows no job {name!r}")
    before = flink.status(job)
    if (before.lag or 0) <= FEW:
        return SamplePair(before, before)
    pause()
    return SamplePair(before, flink.status(job))


def judge_job(seen: JobSample | StockstreamError, received: int) -> Check:
    """Judge the job; a job on another cluster is known by its lock alone.

    Args:
        seen: the sample, or the error that was raised instead.
        received: messages that reached the topic within a second.
    """
    if seen is None or isinstance(seen, StockstreamError):
        why = happened(seen) if seen else "nothing tells how far it is"
        return waiting("flink", f"makes the candles; {why}", f"{REMEDY} --flink URL, where it runs elsewhere")
    job = seen.after
    if job.state != RUNNING:
        return failed("flink", f"its job is {job.state.lower()} ({job.reason or 'no reason given'})", REMEDY)
    if job.lag is None:
        return ok("flink", "makes the candles")
    distance = f"{job.lag:,} to read" if job.lag else "nothing left to read"
    if job.lag <= max(FEW, SECONDS_OF_FLOW * received):
        return ok("flink", f"makes the candles; {distance}")
    if seen.before.lag is not None and job.lag < seen.before.lag:
        return waiting("flink", f"is catching up: {distance}")
    return failed("flink", f"falls behind: {distance}", REMEDY)
