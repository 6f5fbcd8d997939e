"""Bad messages of every kind among good ones: each kept whole, once, with its reason; no good one lost."""

from collections.abc import Mapping

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.errors import BadTradeError
from stockstream.market.trade.codec import decode
from stockstream.settings import Settings
from tests.integration.bad_input import faults, send
from tests.integration.bad_kinds import BAD, odd_but_good
from tests.scripts import ran

GOOD_ONES, BAD_ONES = 4_000, 1_500
ODD = odd_but_good("7")


@pytest.mark.parametrize("kind", BAD)
def test_each_kind_is_refused_with_its_reason(kind: str) -> None:
    messages, names = BAD[kind]
    for message in messages:
        with pytest.raises(BadTradeError) as refusal:
            decode(message)
        assert names in str(refusal.value)


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_and_good_is_a_trade(kind: str) -> None:
    assert decode(ODD[kind]).trade_id.startswith("7")


def test_bad_messages_are_kept_whole_and_good_ones_stored(
    settings: Settings, environment: Mapping[str, str], connection: Connection
) -> None:
    sent = send(settings, GOOD_ONES, BAD_ONES, odd=True)
    assert len({kind for kind, _ in sent.bad.values()}) == len(BAD)
    consumer = ran(environment, "consumer.py", "--exit-when-idle", "1")
    assert consumer.returncode == 0, consumer.stderr
    assert "Traceback" not in consumer.stderr
    assert faults(connection, sent) == []
