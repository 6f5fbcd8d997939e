"""One engine at a time writes the candles."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from stockstream.connectors.engine_lock import Engine, EngineLock
from stockstream.connectors.postgres import Address
from stockstream.errors import EngineRunsError


@contextmanager
def held(address: Address, engine: Engine, *, alone: bool = False) -> Iterator[EngineLock]:
    with closing(EngineLock(address, engine)) as lock:
        lock.claim(alone=alone)
        yield lock


def test_the_second_engine_is_refused(address: Address) -> None:
    with (
        held(address, "aggregator"),
        pytest.raises(EngineRunsError, match="aggregator"),
        held(address, "flink"),
    ):
        pass
    with held(address, "flink"), pytest.raises(EngineRunsError, match="flink"), held(address, "aggregator"):
        pass


def test_several_aggregators_share_the_candles(address: Address) -> None:
    with held(address, "aggregator"), held(address, "aggregator") as second:
        second.claim()
        second.claim()


def test_a_flink_job_may_ask_to_be_alone(address: Address) -> None:
    with held(address, "flink"), pytest.raises(EngineRunsError), held(address, "flink", alone=True):
        pass


def test_the_candles_are_free_when_the_holder_ends(address: Address) -> None:
    with held(address, "aggregator") as lock:
        lock.claim()
        lock.close()
        with held(address, "flink", alone=True):
            pass
