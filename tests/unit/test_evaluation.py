"""The evaluation: events are counted as they should be, and the detector beats what it must beat."""

from pathlib import Path

import numpy as np
import pytest

from stockstream.connectors.files.labelled_file import read
from stockstream.errors import UsageError
from stockstream.jobs.detect import evaluation_report
from stockstream.jobs.detect.evaluate import TUNED_ON, Plan, Result, evaluate
from stockstream.market.anomalies.features.trade_window import EPOCH, of_rows
from stockstream.market.anomalies.finding import Finding
from stockstream.market.evaluation.baselines import ALWAYS, ROLLING
from stockstream.market.evaluation.events import MEDIUM, STRONG, Alert, alert_of, tally
from stockstream.market.evaluation.labelled import Labelled, mixed, simulate
from stockstream.market.evaluation.measures import false_a_day, macro_f1, overall, score_of, vus_pr
from stockstream.market.simulator import listed

RNG = np.random.default_rng(7)
KINDS = ("wash_like", STRONG)


def tape(event: list[int], kinds: list[str], magnitude: list[float]) -> Labelled:
    """Return a tape of a trade an hour with the events given."""
    rows = [(at * 3_600_000_000, 1.0, 1.0, True, str(at), "s") for at in range(len(event))]
    return Labelled(
        of_rows("X", rows),
        np.array(event),
        np.array(["", *kinds], np.object_),
        np.array([np.nan, *magnitude]),
    )


def test_an_event_is_found_once_and_by_its_own_trades_alone() -> None:
    judged = tape([0, 1, 1, 1, 0, 0, 2, 0], ["wash_like", "price_spike"], [np.nan, 5.0])
    counted = tally(
        judged, [Alert(2, 2), Alert(3, 3), Alert(4, 4, ("wash_like",)), Alert(7, 7, (STRONG,))], 0
    )
    assert (counted.events["wash_like"], counted.found["wash_like"]) == (1, 1)
    assert (counted.events[MEDIUM], counted.found[MEDIUM]) == (1, 0)
    assert counted.delays["wash_like"] == [(1, 3_600.0)]
    assert (counted.alerts, counted.false_alerts) == (4, 2)
    assert dict(counted.false) == {"wash_like": 1, STRONG: 1}
    assert false_a_day([counted]) == pytest.approx(2 / (7 / 24))


def test_recall_and_precision_come_with_intervals() -> None:
    judged = tape([1, 0, 2, 0, 3, 0], ["wash_like"] * 3, [np.nan] * 3)
    counted = tally(judged, [Alert(0, 0), Alert(2, 2), Alert(3, 3, ("wash_like",))], 0)
    score = score_of([counted, counted], "wash_like", RNG)
    assert score.events == 6
    assert (score.recall, score.precision) == pytest.approx((2 / 3, 2 / 3))
    assert score.sure[0] == pytest.approx((2 / 3, 2 / 3))
    assert macro_f1([counted], KINDS, RNG) == pytest.approx(2 / 3)


def test_a_volume_prefers_what_ranks_events_first() -> None:
    event = np.zeros(5_000, np.int64)
    event[1_000:1_010], event[3_000] = 1, 2
    right, noise = (event > 0) + 0.01 * RNG.random(5_000), RNG.random(5_000)
    assert vus_pr(right, event) > 0.6
    assert vus_pr(noise, event) < 0.05


def test_magnitudes_are_what_was_done_to_the_trade() -> None:
    tapes = simulate(1, listed(3), 5.0, 30_000, mixed(0.01))
    for judged in tapes.values():
        spikes = judged.kinds == "volume_spike"
        rows = np.array([np.flatnonzero(judged.event == each)[0] for each in np.flatnonzero(spikes)])
        order = np.argsort(judged.window.volume[rows])
        assert (np.diff(judged.magnitude[spikes][order]) >= 0).all()
        assert np.isnan(judged.magnitude[judged.kinds == "burst"]).all()


@pytest.fixture(scope="module")
def result() -> Result:
    """Return a small evaluation on a seed that was tuned on."""
    return evaluate(Plan(seeds=TUNED_ON[:1], symbols=3, untrained=1, trades=120_000), lambda _: None)


def test_the_detector_beats_the_baselines_by_far(result: Result) -> None:
    names = [
        name for name in {name for each in result.tallies for name in each.events} if "below" not in name
    ]
    ours, rolling, always = (
        macro_f1(each, names, RNG) for each in (result.tallies, result.rivals[ROLLING], result.rivals[ALWAYS])
    )
    recall, precision = overall(result.tallies)
    assert ours > rolling + 0.15 > always
    assert recall > 0.6
    assert precision > 0.85
    assert false_a_day(result.clean["calm"]) < 4


def test_the_report_has_every_table_and_chart(result: Result, tmp_path: Path) -> None:
    page = evaluation_report.write(result, Plan(), tmp_path / "made")
    text = page.read_text("utf-8")
    for words in (
        "| pump_and_dump |",
        "| always on |",
        "never trained on",
        "| stressed |",
        "tuned on 1, 2, 3",
    ):
        assert words in text
    for chart in (evaluation_report.CHART, evaluation_report.KINDS_CHART):
        assert chart in text
        assert (page.parent / chart).read_bytes().startswith(b"\x89PNG")
    assert "false alerts per symbol and day" in evaluation_report.summary(result)


def test_a_file_s_labels_are_its_events(tmp_path: Path) -> None:
    line = (
        '{"trade_id":"%d","timestamp":"2026-11-23T10:00:%02dZ","symbol":"A","price":1,"volume":1,'
        '"trade_type":"BUY","anomaly":%s}\n'
    )
    labels = ["null", '"burst#1"', "null", '"burst#1"', '"price_spike"', '"price_spike"', '"halt"', '"halt"']
    path = tmp_path / "tape.jsonl"
    path.write_text("".join(line % (at, at, label) for at, label in enumerate(labels)), "utf-8")
    judged = read(path)["A"]
    assert judged.event[1] == judged.event[3]
    assert len(set(judged.event[4:6])) == 2
    assert judged.event[6] == judged.event[7]
    assert [str(judged.kinds[each]) for each in judged.event] == [
        *("", "burst", "", "burst", "price_spike", "price_spike", "halt", "halt"),
    ]


@pytest.mark.parametrize("content", [None, b"no trade\n"])
def test_a_file_that_is_no_tape_is_told_in_a_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tape.jsonl"
    if content:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot be read|line 1"):
        read(path)


def test_a_false_spike_counts_where_magnitudes_are_unknown() -> None:
    when = EPOCH
    found = Finding("X", "price_spike", "s", "3", when, when, 9.0, 6.0, ("zscore_price",), "", "none")
    judged = tape([0, 1, 0, 0], ["price_spike"], [np.nan])
    counted = tally(judged, [Alert(1, 1), alert_of(found, judged)], 0)
    score = score_of([counted], "price_spike", RNG)
    assert (score.recall, score.precision) == (1.0, 0.5)
