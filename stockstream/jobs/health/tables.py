"""PostgreSQL and its tables: whether they answer, and what they show of the flow."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.read.probes import (
    NewestCandle,
    NewestDeadLetter,
    NewestGap,
    NewestTrade,
    Probes,
    Progress,
)
from stockstream.errors import SchemaMissingError, SchemaTooNewError, StockstreamError
from stockstream.jobs.health.check_result import Check, failed, happened, ok, unknown
from stockstream.jobs.health.samples import SamplePair

NEVER: SamplePair[dict[int, Progress]] = SamplePair({}, {})


@dataclass(frozen=True)
class TablesSample:
    """Sample of the tables; if they are not this project's, only `schema_fault` is set.

    `engine` names what makes the candles, or is None if nothing does.
    """

    schema_fault: SchemaMissingError | SchemaTooNewError | None = None
    consumer: SamplePair[dict[int, Progress]] = NEVER
    aggregator: SamplePair[dict[int, Progress]] = NEVER
    trade: NewestTrade | None = None
    dead_letter: NewestDeadLetter | None = None
    candle: NewestCandle | None = None
    fewest: tuple[str, int] | None = None
    engine: str | None = None
    gap: NewestGap | None = None


def look_at_tables(
    address: Address, topic: str, enough: int | None, pause: Callable[[], object]
) -> TablesSample:
    """Sample the tables; what should advance is sampled before and after a pause.

    Args:
        address: the database.
        topic: the topic whose committed offsets are read.
        enough: how many trades of a symbol to count; None counts none.
        pause: waits between the two samples.

    Raises:
        RecoverableError: the server does not answer, refuses the connection, or is busy.
    """
    with closing(Probes(address, topic)) as probes:
        try:
            schema.require(probes.connection, address)
        except (SchemaMissingError, SchemaTooNewError) as exc:
            return TablesSample(exc)
        consumer, aggregator = probes.progress("consumer"), probes.progress("aggregator")
        pause()
        return TablesSample(
            consumer=SamplePair(consumer, probes.progress("consumer")),
            aggregator=SamplePair(aggregator, probes.progress("aggregator")),
            trade=probes.newest_trade(),
            dead_letter=probes.newest_dead_letter(),
            candle=probes.newest_candle(),
            fewest=probes.fewest_trades(enough) if enough else None,
            engine=probes.engine(),
            gap=probes.newest_gap(),
        )


def judge_tables(address: Address, sample: TablesSample | StockstreamError) -> list[Check]:
    """Judge the server and the schema."""
    if isinstance(sample, StockstreamError):
        server = failed("postgresql", happened(sample), "./start.sh, or docker compose up -d --wait postgres")
        return [server, unknown("schema", "postgresql")]
    server = ok("postgresql", f"answers at {address.host}:{address.port}, database {address.database}")
    if isinstance(sample.schema_fault, SchemaTooNewError):
        return [server, failed("schema", happened(sample.schema_fault), "update the program")]
    if sample.schema_fault:
        return [server, failed("schema", happened(sample.schema_fault), "python database.py init")]
    return [server, ok("schema", f"version {schema.newest()}, the newest")]
