"""The complete health check: sample everything at once, then judge part by part."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.web import require_answer
from stockstream.errors import StockstreamError
from stockstream.jobs.flink.script import CANDLES
from stockstream.jobs.health.check_result import Check, failed, happened, ok, unknown
from stockstream.jobs.health.detector import ENOUGH, ModelsSample, judge_models, look_at_models
from stockstream.jobs.health.engine import REMEDY as JOB_REMEDY
from stockstream.jobs.health.engine import JobSample, judge_job, look_at_job
from stockstream.jobs.health.flow import candle_limit, judge_candles, judge_trades, limit_of
from stockstream.jobs.health.gaps import judge_gaps
from stockstream.jobs.health.lag import Reading, judge_lag
from stockstream.jobs.health.processes import Process, judge_processes, remedy_for
from stockstream.jobs.health.samples import BackgroundProbe
from stockstream.jobs.health.tables import TablesSample, judge_tables, look_at_tables
from stockstream.jobs.health.topic import TopicSample, judge_topic, look_at_topic
from stockstream.jobs.health.zookeeper import judge_zookeeper, look_at_zookeeper

SECONDS = 8.0


@dataclass(frozen=True)
class Target:
    """What to examine and where it is; `interval` is the number of seconds between two trades.

    `zookeeper_port` is None if Kafka does not use a ZooKeeper started by this project.
    """

    servers: Where
    topic: str
    address: Address
    interval: float
    dashboard_port: int
    models: Path
    processes: Sequence[Process] = ()
    dashboard_host: str = "127.0.0.1"
    zookeeper_port: int | None = None
    flink_port: int = 8081

    def remedy(self, job: str) -> str:
        """Return what to do about one of the jobs."""
        return remedy_for(job, f"python {job}.py", self.processes)


def examine(target: Target, pause: Callable[[], object]) -> list[Check]:
    """Return the check results of every part, in under ten seconds whatever is down.

    Args:
        target: the system to examine.
        pause: waits between two samples of what should advance; one second is appropriate.
    """
    models = look_at_models(target.models, time.time())
    page = f"http://{target.dashboard_host}:{target.dashboard_port}/_stcore/health"
    enough = None if models.count else ENOUGH
    topic = BackgroundProbe(lambda: look_at_topic(target.servers, target.topic, pause), SECONDS)
    tables = BackgroundProbe(lambda: look_at_tables(target.address, target.topic, enough, pause), SECONDS)
    dashboard = BackgroundProbe(lambda: require_answer(page, timeout=3), SECONDS)
    flink = f"http://localhost:{target.flink_port}"
    job = BackgroundProbe(lambda: look_at_job(flink, CANDLES.name, tables.seen, pause), SECONDS)
    return [
        *_judge_zookeeper(target),
        *judge_topic(target.servers, target.topic, topic.seen()),
        *judge_tables(target.address, tables.seen()),
        *judge_processes(target.processes, _engine(tables.seen())),
        *_judge_flow(target, topic.seen(), tables.seen(), models, job),
        _judge_dashboard(target, dashboard.seen()),
    ]


def _engine(tables: TablesSample | StockstreamError) -> str | None:
    return tables.engine if isinstance(tables, TablesSample) else None


def _judge_zookeeper(target: Target) -> list[Check]:
    if target.zookeeper_port is None:
        return []
    seen = look_at_zookeeper(target.zookeeper_port, SECONDS).seen()
    return [judge_zookeeper(target.zookeeper_port, seen)]


def _judge_flow(
    target: Target,
    topic: TopicSample | StockstreamError,
    tables: TablesSample | StockstreamError,
    models: ModelsSample,
    job: BackgroundProbe[JobSample],
) -> list[Check]:
    if isinstance(tables, StockstreamError) or tables.schema_fault:
        missing = "postgresql" if isinstance(tables, StockstreamError) else "schema"
        flow = [unknown(name, missing) for name in ("trades", "consumer", "aggregator", "candles")]
        return [*flow, judge_models(models, None)]
    limit = limit_of(target.interval)
    return [
        judge_trades(tables, limit, target.remedy("producer")),
        *judge_gaps(tables.gap),
        *_judge_lags(target, topic, tables, limit, job),
        judge_candles(
            tables.trade, tables.candle, candle_limit(limit, tables.engine), _remedy(target, tables.engine)
        ),
        judge_models(models, tables),
    ]


def _remedy(target: Target, engine: str | None) -> str:
    return JOB_REMEDY if engine == "flink" else target.remedy("aggregator")


def _judge_lags(
    target: Target,
    topic: TopicSample | StockstreamError,
    tables: TablesSample,
    limit: float,
    job: BackgroundProbe[JobSample],
) -> list[Check]:
    engine = "flink" if tables.engine == "flink" else "aggregator"
    if isinstance(topic, StockstreamError):
        return [unknown(name, "kafka") for name in ("consumer", engine)]

    consumer = Reading(topic.ends, tables.consumer)
    first = judge_lag("consumer", consumer, limit, target.remedy("consumer"))
    if engine == "flink":
        return [first, judge_job(job.seen(), consumer.received())]
    aggregator = Reading(topic.ends, tables.aggregator)
    return [first, judge_lag("aggregator", aggregator, limit, target.remedy("aggregator"))]


def _judge_dashboard(target: Target, seen: StockstreamError | None) -> Check:
    if isinstance(seen, StockstreamError):
        remedy = remedy_for("dashboard", "streamlit run dashboard.py", target.processes)
        return failed("dashboard", happened(seen), remedy)
    return ok("dashboard", f"answers at http://localhost:{target.dashboard_port}")
