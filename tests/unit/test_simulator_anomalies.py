"""Injected anomalies: as many as asked for, each with its shape and label, and the market's path after."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from stockstream.market.simulator import Injection, Market, Tape, Terms, listed
from stockstream.market.simulator.kinds import KINDS, Kind
from stockstream.market.simulator.tape import Ints
from stockstream.market.trade.labels import read_label


def tapes(injection: Injection, blocks: int = 10, rate: float = 100.0) -> list[Tape]:
    market = Market(np.random.default_rng(11), listed(10), rate, injection)
    return [market.next_block() for _ in range(blocks)]


def only(label: str, share: float = 0.02) -> Injection:
    return Injection(share, tuple(kind for kind in KINDS if kind.label == label))


def first_episode(label: str) -> tuple[Tape, Tape, Ints]:
    """A disturbed tape, the same one undisturbed, and the rows of its first episode."""
    disturbed = tapes(only(label, share=0.004), blocks=1)[0]
    rows = np.flatnonzero(disturbed.label)
    mine = rows[disturbed.symbol[rows] == disturbed.symbol[rows[0]]]
    kind = next(kind for kind in KINDS if kind.label == label)
    return disturbed, tapes(Injection(0.0), blocks=1)[0], mine[: kind.trades[0]]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_share_of_labelled_trades_is_near_the_asked_one(share: float) -> None:
    labels = np.concatenate([tape.label for tape in tapes(Injection(share), blocks=80)])
    assert np.mean(labels > 0) == pytest.approx(share, rel=0.2)


def test_no_anomalies_asked_for_gives_none() -> None:
    assert not any(tape.label.any() for tape in tapes(Injection(0.0)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
def test_every_kind_comes_under_its_label(kind: Kind) -> None:
    found = tapes(only(kind.label))
    labels = {tape.kinds[label] for tape in found for label in np.unique(tape.label)}
    assert labels == {None, kind.label}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.label)
def test_trades_outside_episodes_are_the_undisturbed_market(kind: Kind) -> None:
    for disturbed, calm in zip(tapes(only(kind.label)), tapes(Injection(0.0)), strict=True):
        outside = disturbed.label == 0
        assert np.array_equal(disturbed.cents[outside], calm.cents[outside])
        assert np.array_equal(disturbed.volume[outside], calm.volume[outside])
        assert np.array_equal(disturbed.at, calm.at)


def test_a_price_spike_is_as_far_off_as_asked() -> None:
    kind = replace(next(kind for kind in KINDS if kind.label == "price_spike"), size=(0.2, 0.2))
    disturbed, calm = (tapes(each, 1)[0] for each in (Injection(0.01, (kind,)), Injection(0.0)))
    spiked = disturbed.label > 0
    moved = np.abs(disturbed.cents[spiked] / calm.cents[spiked] - 1)
    assert moved == pytest.approx(0.2, abs=0.001)


def test_a_volume_spike_dwarfs_its_trade() -> None:
    disturbed, calm, rows = first_episode("volume_spike")
    assert np.all(disturbed.volume[rows] >= 15 * calm.volume[rows])


def test_a_burst_takes_all_trades_for_one_symbol() -> None:
    _, _, rows = first_episode("burst")
    assert np.array_equal(rows, np.arange(rows[0], rows[0] + rows.size))
    assert rows.size >= 20


def test_a_same_side_run_has_one_side() -> None:
    disturbed, _, rows = first_episode("same_side_run")
    assert np.unique(disturbed.buy[rows]).size == 1


def test_wash_like_trades_go_back_and_forth_at_one_price_and_size() -> None:
    disturbed, _, rows = first_episode("wash_like")
    assert np.all(np.diff(disturbed.buy[rows].astype(int)) != 0)
    assert np.unique(disturbed.cents[rows]).size == np.unique(disturbed.volume[rows]).size == 1


def test_a_pump_and_dump_rises_and_comes_back() -> None:
    disturbed, calm, rows = first_episode("pump_and_dump")
    above = disturbed.cents[rows] / calm.cents[rows] - 1
    assert above[0] == pytest.approx(0, abs=0.003)
    assert above.max() > 0.015


def test_a_flash_crash_falls_and_recovers() -> None:
    disturbed, calm, rows = first_episode("flash_crash")
    assert (disturbed.cents[rows] / calm.cents[rows] - 1).min() < -0.02


def test_a_stale_price_stands_still() -> None:
    disturbed, _, rows = first_episode("stale_price")
    assert np.unique(disturbed.cents[rows]).size == 1


def test_a_multivariate_anomaly_moves_price_and_volume_at_once() -> None:
    disturbed, calm = (tapes(each)[0] for each in (only("multivariate"), Injection(0.0)))
    rows = disturbed.label > 0
    swollen = disturbed.volume[rows] / calm.volume[rows]
    moved = np.abs(disturbed.cents[rows] / calm.cents[rows] - 1)
    assert np.all(swollen > 1)
    assert np.all(moved > 0)
    # Neither alone reaches what the mildest spike has.
    least = {kind.label: kind.size[0] for kind in KINDS}
    assert swollen.max() < least["volume_spike"]
    assert moved.max() < least["price_spike"]


def test_a_magnitude_makes_anomalies_so_many_times_as_strong() -> None:
    usual, strong = (tapes(replace(only("price_spike"), magnitude=times))[0] for times in (1.0, 3.0))
    calm = tapes(Injection(0.0))[0].cents
    spiked = usual.label > 0
    moved = np.abs(usual.cents[spiked] / calm[spiked] - 1)
    assert np.abs(strong.cents[spiked] / calm[spiked] - 1) == pytest.approx(3 * moved, abs=0.001)


def test_a_magnitude_of_zero_leaves_spikes_no_size() -> None:
    gone, calm = tapes(replace(only("volume_spike"), magnitude=0.0))[0], tapes(Injection(0.0))[0]
    assert gone.label.any()
    assert np.array_equal(gone.volume, calm.volume)


def test_each_episode_has_an_id_of_its_own_that_its_label_tells() -> None:
    market = Market(np.random.default_rng(11), listed(10), 100.0, Injection(0.1), Terms(run="5f3a"))
    members: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for tape in (market.next_block() for _ in range(5)):
        for row in np.flatnonzero(tape.label).tolist():
            told = read_label(tape.anomaly(row) or "")
            assert told.kind == tape.kinds[tape.label[row]]
            assert told.episode is not None
            assert told.episode.startswith("5f3a-")
            members[told.episode].append((told.kind, int(tape.symbol[row])))
    assert len(members) > 100
    assert all(len(set(episode)) == 1 for episode in members.values())
    most = {kind.label: kind.trades[1] for kind in KINDS}
    assert all(len(episode) <= most[episode[0][0]] for episode in members.values())


def test_an_episode_goes_on_from_one_block_into_the_next() -> None:
    kind = replace(next(kind for kind in KINDS if kind.label == "same_side_run"), trades=(400, 400))
    market = Market(np.random.default_rng(2), listed(1), 2.0, Injection(0.2, (kind,)))
    labels = np.concatenate([market.next_block().label for _ in range(100)])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], labels > 0, [0]])))
    whole = np.diff(edges)[::2][:-1]
    assert whole.size
    assert np.all(whole % 400 == 0)
