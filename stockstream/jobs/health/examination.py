"""The whole examination: look at everything at once, then judge part by part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stockstream.connectors.postgres import Address
from stockstream.connectors.web import require_answer
from stockstream.errors import StockstreamError
from stockstream.jobs.health.detector import ENOUGH, judge_models, models_in
from stockstream.jobs.health.flow import judge_candles, judge_trades, limit_of
from stockstream.jobs.health.lag import Reading, judge_lag
from stockstream.jobs.health.processes import Process, judge_processes
from stockstream.jobs.health.sight import Glance
from stockstream.jobs.health.tables import TablesSight, judge_tables, look_at_tables
from stockstream.jobs.health.topic import TopicSight, judge_topic, look_at_topic
from stockstream.jobs.health.verdict import Check, failed, happened, ok, unknown

SECONDS = 8.0


@dataclass(frozen=True)
class Patient:
    """What is examined, and where it is; `interval` is the seconds between two trades."""

    servers: str
    topic: str
    address: Address
    interval: float
    dashboard_port: int
    models: Path
    processes: Sequence[Process] = ()


def examine(patient: Patient, pause: Callable[[], object]) -> list[Check]:
    """Return what there is to say of every part, in under ten seconds whatever is down.

    Args:
        pause: waits between two looks at what should move; a second is right.
    """
    models = models_in(patient.models)
    page = f"http://127.0.0.1:{patient.dashboard_port}/_stcore/health"
    enough = None if models else ENOUGH
    topic = Glance(lambda: look_at_topic(patient.servers, patient.topic, pause), SECONDS)
    tables = Glance(lambda: look_at_tables(patient.address, patient.topic, enough, pause), SECONDS)
    dashboard = Glance(lambda: require_answer(page, patience=3), SECONDS)
    return [
        *judge_topic(patient.servers, patient.topic, topic.seen()),
        *judge_tables(patient.address, tables.seen()),
        *judge_processes(patient.processes),
        *_judge_flow(patient, topic.seen(), tables.seen(), models),
        _judge_dashboard(patient.dashboard_port, dashboard.seen()),
    ]


def _judge_flow(
    patient: Patient,
    topic: TopicSight | StockstreamError,
    tables: TablesSight | StockstreamError,
    models: int,
) -> list[Check]:
    if isinstance(tables, StockstreamError) or tables.schema_fault:
        missing = "postgresql" if isinstance(tables, StockstreamError) else "schema"
        flow = [unknown(name, missing) for name in ("trades", "consumer", "aggregator", "candles")]
        return [*flow, judge_models(models, None)]
    limit = limit_of(patient.interval)
    return [
        judge_trades(tables, limit),
        *_judge_lags(topic, tables, limit),
        judge_candles(tables.trade, tables.candle, limit),
        judge_models(models, tables),
    ]


def _judge_lags(topic: TopicSight | StockstreamError, tables: TablesSight, limit: float) -> list[Check]:
    places = {"consumer": tables.consumer, "aggregator": tables.aggregator}
    if isinstance(topic, StockstreamError):
        return [unknown(job, "kafka") for job in places]
    return [judge_lag(job, Reading(topic.ends, seen), limit) for job, seen in places.items()]


def _judge_dashboard(port: int, seen: StockstreamError | None) -> Check:
    if isinstance(seen, StockstreamError):
        return failed(
            "dashboard", happened(seen), "see logs/dashboard.log, or run: streamlit run dashboard.py"
        )
    return ok("dashboard", f"answers at http://localhost:{port}")
