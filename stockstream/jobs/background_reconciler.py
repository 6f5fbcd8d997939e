"""A reconciler that runs beside an engine, in its own thread and database session."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from threading import Event

from stockstream.connectors.kafka.client import Cluster, cluster_of
from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.metrics.reconciler import ReconcilerMetrics
from stockstream.connectors.postgres.connection import Address, address_of
from stockstream.connectors.postgres.read.probes import Probes
from stockstream.connectors.postgres.store.reconciliation import Reconciliation
from stockstream.errors import TopicMissingError
from stockstream.jobs.reconcile import Barrier, Reconciler, log
from stockstream.jobs.retry import Retry
from stockstream.settings import Settings


def reconciler_of(
    settings: Settings, minutes: Reconciliation, metrics: ReconcilerMetrics | None = None
) -> Reconciler:
    """Return a reconciler of these tables for the topic in the settings."""
    servers, address, topic = cluster_of(settings), address_of(settings), settings.kafka_topic
    barrier = Barrier(minutes.now, partial(_ends, servers, topic), partial(_stored, address, topic))
    return Reconciler(minutes, barrier, time.monotonic, metrics)


@contextmanager
def reconciling(
    settings: Settings, stop: Event, metrics: ReconcilerMetrics | None = None, *, finishes: bool = False
) -> Iterator[Reconciler]:
    """Reconcile in the background until the block ends.

    Args:
        settings: the topic and the database.
        stop: set when the reconciler cannot continue; the block should then end, and the error is raised.
        metrics: updated with what is done.
        finishes: at the end, reconcile everything possible, unless `stop` is set.
    """
    own_stop = Event()
    with (
        closing(Reconciliation(address_of(settings))) as minutes,
        ThreadPoolExecutor(1, thread_name_prefix="reconciler") as beside,
    ):
        reconciler = reconciler_of(settings, minutes, metrics)

        def fail(done: "Future[None]") -> None:
            if done.exception():
                stop.set()

        work = beside.submit(reconciler.run, own_stop)
        work.add_done_callback(fail)
        try:
            yield reconciler
        finally:
            own_stop.set()
            work.result()
        if finishes and not stop.is_set():
            reconciler.finish(Retry(stop, log), stop)
        log.info("ended: %s", reconciler.total)


def _ends(servers: Cluster, topic: str) -> Mapping[int, int]:
    try:
        return ends(servers, topic)
    except TopicMissingError:
        return {}


def _stored(address: Address, topic: str) -> Mapping[int, int]:
    with closing(Probes(address, topic)) as probes:
        return {partition: each.next_offset for partition, each in probes.progress("consumer").items()}
