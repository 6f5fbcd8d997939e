"""The whole examination: look at everything at once, then judge part by part."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stockstream.connectors.kafka_cluster import Where
from stockstream.connectors.postgres import Address
from stockstream.connectors.web import require_answer
from stockstream.errors import StockstreamError
from stockstream.jobs.health.detector import ENOUGH, ModelsSight, judge_models, look_at_models
from stockstream.jobs.health.flow import judge_candles, judge_trades, limit_of
from stockstream.jobs.health.lag import Reading, judge_lag
from stockstream.jobs.health.processes import Process, judge_processes, remedy_for
from stockstream.jobs.health.sight import Glance
from stockstream.jobs.health.tables import TablesSight, judge_tables, look_at_tables
from stockstream.jobs.health.topic import TopicSight, judge_topic, look_at_topic
from stockstream.jobs.health.verdict import Check, failed, happened, ok, unknown

SECONDS = 8.0


@dataclass(frozen=True)
class Patient:
    """What is examined, and where it is; `interval` is the seconds between two trades."""

    servers: Where
    topic: str
    address: Address
    interval: float
    dashboard_port: int
    models: Path
    processes: Sequence[Process] = ()
    dashboard_host: str = "127.0.0.1"

    def remedy(self, job: str) -> str:
        """Return what to do about one of the scripts."""
        return remedy_for(job, f"python {job}.py", self.processes)


def examine(patient: Patient, pause: Callable[[], object]) -> list[Check]:
    """Return what there is to say of every part, in under ten seconds whatever is down.

    Args:
        pause: waits between two looks at what should move; a second is right.
    """
    models = look_at_models(patient.models, time.time())
    page = f"http://{patient.dashboard_host}:{patient.dashboard_port}/_stcore/health"
    enough = None if models.count else ENOUGH
    topic = Glance(lambda: look_at_topic(patient.servers, patient.topic, pause), SECONDS)
    tables = Glance(lambda: look_at_tables(patient.address, patient.topic, enough, pause), SECONDS)
    dashboard = Glance(lambda: require_answer(page, patience=3), SECONDS)
    return [
        *judge_topic(patient.servers, patient.topic, topic.seen()),
        *judge_tables(patient.address, tables.seen()),
        *judge_processes(patient.processes),
        *_judge_flow(patient, topic.seen(), tables.seen(), models),
        _judge_dashboard(patient, dashboard.seen()),
    ]


def _judge_flow(
    patient: Patient,
    topic: TopicSight | StockstreamError,
    tables: TablesSight | StockstreamError,
    models: ModelsSight,
) -> list[Check]:
    if isinstance(tables, StockstreamError) or tables.schema_fault:
        missing = "postgresql" if isinstance(tables, StockstreamError) else "schema"
        flow = [unknown(name, missing) for name in ("trades", "consumer", "aggregator", "candles")]
        return [*flow, judge_models(models, None)]
    limit = limit_of(patient.interval)
    return [
        judge_trades(tables, limit, patient.remedy("producer")),
        *_judge_lags(patient, topic, tables, limit),
        judge_candles(tables.trade, tables.candle, limit, patient.remedy("aggregator")),
        judge_models(models, tables),
    ]


def _judge_lags(
    patient: Patient, topic: TopicSight | StockstreamError, tables: TablesSight, limit: float
) -> list[Check]:
    places = {"consumer": tables.consumer, "aggregator": tables.aggregator}
    if isinstance(topic, StockstreamError):
        return [unknown(job, "kafka") for job in places]
    return [
        judge_lag(job, Reading(topic.ends, seen), limit, patient.remedy(job)) for job, seen in places.items()
    ]


def _judge_dashboard(patient: Patient, seen: StockstreamError | None) -> Check:
    if isinstance(seen, StockstreamError):
        remedy = remedy_for("dashboard", "streamlit run dashboard.py", patient.processes)
        return failed("dashboard", happened(seen), remedy)
    return ok("dashboard", f"answers at http://localhost:{patient.dashboard_port}")
