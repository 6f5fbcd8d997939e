"""test_system.py asks who makes the candles before it says that the aggregator stands still."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stockstream.connectors.flink.rest import JobStatus
from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.engine_lock import Engine, EngineLock
from stockstream.errors import FlinkError, StockstreamError
from stockstream.jobs.health.check_result import State
from stockstream.jobs.health.engine import JobSample, judge_job
from stockstream.jobs.health.processes import Process, judge_processes
from stockstream.jobs.health.samples import SamplePair
from stockstream.services.ports import free_port
from stockstream.settings import Settings
from tests.integration.health_scene import Checks, Environment, candle, examine, place, store

# An aggregator that has done nothing for a minute; candles that Flink wrote a little longer ago than that.
IDLE, WRITTEN = 60, 45


@pytest.fixture
def seen(
    settings: Settings, environment: Environment, connection: Connection, address: Address
) -> Callable[[Engine], Checks]:
    """What is said of a system whose aggregator has stood still since another engine took over."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers})
    for _ in range(25):
        producer.produce(settings.kafka_topic, b"{}", partition=0)
    assert producer.flush(10) == 0
    now = datetime.now(UTC)
    store(connection, 1, now)
    place(connection, "consumer", settings.kafka_topic, 25)
    place(connection, "aggregator", settings.kafka_topic, 5, idle=IDLE)
    candle(connection, now - timedelta(minutes=1, seconds=1), idle=WRITTEN)

    def told(engine: Engine) -> Checks:
        with closing(EngineLock(address, engine)) as lock:
            lock.acquire()
            return examine(environment | {"FLINK_PORT": str(free_port())})[1]

    return told


def test_where_flink_makes_the_candles_the_aggregator_is_not_judged(seen: Callable[[Engine], Checks]) -> None:
    checks = seen("flink")
    assert "aggregator" not in checks
    assert checks["flink"]["state"] == "waiting"
    assert "makes the candles" in checks["flink"]["detail"]
    assert "flink_processor.py status" in checks["flink"]["remedy"]
    assert checks["candles"]["state"] == "ok"


def test_where_the_aggregator_makes_them_it_is_judged(seen: Callable[[Engine], Checks]) -> None:
    checks = seen("aggregator")
    assert "flink" not in checks
    assert checks["aggregator"]["detail"].startswith("stands still in partition 0")
    assert checks["candles"]["state"] == "failed"


def job(lag: int | None, state: str = "RUNNING") -> JobStatus:
    return JobStatus("1", state, 9, lag, None, 1, 0, None, 0, "the disk is full")


@pytest.mark.parametrize(
    ("sample", "state", "said"),
    [
        (SamplePair(job(0), job(0)), State.OK, "nothing left to read"),
        (SamplePair(job(None), job(None)), State.OK, "makes the candles"),
        (SamplePair(job(900), job(1_000)), State.OK, "1,000 to read"),
        (SamplePair(job(9_000), job(8_000)), State.WAITING, "catching up"),
        (SamplePair(job(8_000), job(9_000)), State.FAILED, "falls behind"),
        (SamplePair(job(0), job(0, "RESTARTING")), State.FAILED, "restarting (the disk is full)"),
        (FlinkError(what="no Flink answers"), State.WAITING, "no Flink answers"),
    ],
)
def test_flinks_job_is_judged_by_its_state_and_its_lag(
    sample: JobSample | StockstreamError, state: State, said: str
) -> None:
    check = judge_job(sample, received=5)
    assert check.state is state
    assert said in check.detail


def test_a_supervised_aggregator_that_flink_keeps_away_is_no_fault() -> None:
    kept_away = Process("aggregator", "backoff", 0, 0, Path("aggregator.log"))
    assert [check.state for check in judge_processes([kept_away], "flink")] == [State.WAITING]
    assert [check.state for check in judge_processes([kept_away], "aggregator")] == [State.FAILED]
