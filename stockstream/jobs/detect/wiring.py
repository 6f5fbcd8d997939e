"""Assembly of a watch: the source of trades, the detectors of their symbols, and the receivers of alerts."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.source import KafkaSource, Positions
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.read.trade_reader import TradeReader
from stockstream.connectors.postgres.store.findings import JOB, Findings
from stockstream.connectors.webhook import Webhook
from stockstream.jobs.detect.alignment import Alignment
from stockstream.jobs.detect.detectors import SymbolDetectors
from stockstream.jobs.detect.model_refresh import ModelRefresh
from stockstream.jobs.detect.train import Trainer
from stockstream.jobs.detect.watch import Watch, begin
from stockstream.jobs.retry import Retry
from stockstream.jobs.topic_incarnations import TopicIncarnations
from stockstream.jobs.worker import Worker
from stockstream.settings import Settings

LEAST_BYTES = 65_536  # a batch has a fixed cost, however few trades it has

log = logging.getLogger("detector")


@dataclass(frozen=True)
class WatchOptions:
    """Options of a watch besides the settings.

    Args:
        exit_when_idle: seconds without a trade after which it ends; None for never.
        webhook: the URL to which findings are posted; None for nowhere.
        webhook_rate: maximum number of messages per minute.
    """

    exit_when_idle: float | None
    webhook: str | None
    webhook_rate: float


@contextmanager
def watching(
    settings: Settings, options: WatchOptions, stop: Event, metrics: DetectorMetrics
) -> Iterator[tuple[Worker, Watch]]:
    """Yield a worker and the watch that it runs, and close their resources with the block.

    Raises:
        RecoverableError: `stop` was set while a server was unavailable.
    """
    with ExitStack() as stack:
        findings = stack.enter_context(closing(Findings(address_of(settings), settings.kafka_topic)))
        retry = Retry(stop, log, metrics=metrics)
        retry(findings.check)
        retry(partial(ensure_topic, cluster_of(settings), settings.kafka_topic, settings.kafka_partitions))
        detectors, alignment = SymbolDetectors(ModelStore(settings.models_dir)), Alignment(time.monotonic)
        alert, model_refresh = _alert(options, stack), _refresh_models(settings, detectors, metrics, stack)
        begins = partial(begin, findings, detectors, alignment)
        # Closed first, so that the group knows at once that its member has left.
        source = stack.enter_context(closing(_source(settings, begins, metrics)))
        watch = Watch(
            findings, detectors, alignment, stop, model_refresh=model_refresh, alert=alert, metrics=metrics
        )
        yield Worker(source, stop, log, metrics, options.exit_when_idle), watch


def _source(settings: Settings, begins: Positions, metrics: DetectorMetrics) -> KafkaSource:
    servers, topic = cluster_of(settings), settings.kafka_topic
    # What the topic has dropped is reported and skipped: the market goes on, and so does the watch.
    incarnations = TopicIncarnations(address_of(settings), servers, topic, JOB, skips_lost=True)
    group = group_of(JOB, settings)
    return KafkaSource(servers, topic, group, begins, incarnations, least_bytes=LEAST_BYTES, metrics=metrics)


def _refresh_models(
    settings: Settings, detectors: SymbolDetectors, metrics: DetectorMetrics, stack: ExitStack
) -> ModelRefresh:
    history = stack.enter_context(closing(TradeReader(address_of(settings))))
    trainer = Trainer(history, ModelStore(settings.models_dir), partial(datetime.now, UTC))
    return stack.enter_context(closing(ModelRefresh(detectors, trainer, time.monotonic, metrics)))


def _alert(options: WatchOptions, stack: ExitStack) -> Webhook | None:
    if not options.webhook:
        return None
    return stack.enter_context(closing(Webhook(options.webhook, options.webhook_rate, time.monotonic)))
