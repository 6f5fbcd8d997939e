"""The model store: the same numbers back, and a changed, foreign or outdated file refused in a line."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from stockstream.connectors.models import model_file
from stockstream.connectors.models.registry import DriftNote, ModelStore
from stockstream.errors import ModelRefusedError, ModelsFolderError
from stockstream.jobs.detect.detectors import SymbolDetectors
from stockstream.jobs.detect.drift import drift_of
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.table import NAMES, features
from stockstream.market.anomalies.models.drift import DRIFTED, stability
from stockstream.market.anomalies.models.forest import compressed
from stockstream.market.anomalies.models.model import POOLED, Model, fit, fit_together
from tests.anomaly_tape import labelled, quiet
from tests.fresh import ODD_NAME

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def model() -> Model:
    """Return a model of a quiet tape."""
    return fit(quiet(1_200))


@pytest.fixture
def store(tmp_path: Path, model: Model) -> ModelStore:
    """Return a store that holds the model."""
    kept = ModelStore(tmp_path)
    kept.save(model, NOW)
    return kept


def files(folder: Path) -> tuple[Path, Path]:
    """Return the card and the arrays of the only model in a folder."""
    (card,), (arrays,) = folder.glob("*.json"), folder.glob("*.npz")
    return card, arrays


def test_a_stored_model_finds_what_the_trained_one_finds(store: ModelStore, model: Model) -> None:
    tape, _ = labelled("AAPL", 2_000, seed=5)
    loaded = store.load("AAPL")
    assert loaded is not None
    rows = np.random.default_rng(1).normal(size=(100, len(NAMES)))
    np.testing.assert_array_equal(loaded.forest.score(rows), model.forest.score(rows))
    trained, stored = (Ensemble(each).find(tape) for each in (model, loaded))
    assert [(each.trade_id, each.score) for each in stored] == [
        (each.trade_id, each.score) for each in trained
    ]
    assert {each.model_version for each in stored} == {loaded.version}


def test_a_folder_may_have_any_name(tmp_path: Path, model: Model) -> None:
    odd = ModelStore(tmp_path / f"{ODD_NAME} [a-z]*")
    version = odd.save(model, NOW).version
    assert odd.save(model, NOW).version == version
    loaded = odd.load("AAPL")
    assert loaded is not None
    assert loaded.version == version
    assert len(list(tmp_path.iterdir())) == 1


def test_the_same_trades_and_seed_give_the_same_version(store: ModelStore, model: Model) -> None:
    again = store.save(fit(quiet(1_200)), NOW)
    loaded = store.load("AAPL")
    assert loaded is not None
    assert again.version == loaded.version == store.save(model, NOW).version


def test_the_card_tells_a_person_what_the_model_is(store: ModelStore, tmp_path: Path) -> None:
    assert store.load("AAPL") is not None
    card = json.loads(files(tmp_path)[0].read_text())
    assert card["trained_at"] == "2026-11-23T10:00:00Z"
    assert card["facts"]["card"]["trades"] == 1_200
    assert card["facts"]["card"]["seed"] == 7
    assert set(card["facts"]["libraries"]) == {"numpy", "scikit-learn"}
    assert "isolation_forest" in card["facts"]["card"]["thresholds"]


def test_a_newer_model_takes_the_place_of_the_former(store: ModelStore, tmp_path: Path) -> None:
    before = store.stamps()
    newer = store.save(fit(quiet(1_300)), NOW)
    loaded = store.load("AAPL")
    assert loaded is not None
    assert loaded.version == newer.version
    assert len(list(tmp_path.iterdir())) == 2
    assert store.stamps() != before


def test_there_is_no_model_where_there_is_no_folder(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "nowhere")
    assert store.load("AAPL") is None
    assert store.stamps() == {}


@pytest.mark.parametrize("symbol", ["BTC/USD", "BRK.B", "..", "A-B_C"])
def test_a_symbol_s_files_stay_in_the_folder(tmp_path: Path, symbol: str) -> None:
    tape = quiet(1_000)
    folder = tmp_path / "models"
    store = ModelStore(folder)
    store.save(fit(type(tape)(symbol, *list(vars(tape).values())[1:])), NOW)
    assert store.load(symbol) is not None
    assert list(store.stamps()) == [symbol]
    assert list(tmp_path.iterdir()) == [folder]


def test_changed_arrays_are_refused(store: ModelStore, tmp_path: Path) -> None:
    _, arrays = files(tmp_path)
    content = bytearray(arrays.read_bytes())
    content[len(content) // 2] ^= 1
    arrays.write_bytes(content)
    with pytest.raises(ModelRefusedError, match=r"refused \(changed: .*train AAPL"):
        store.load("AAPL")


def test_a_changed_card_is_refused(store: ModelStore, tmp_path: Path) -> None:
    card, _ = files(tmp_path)
    card.write_text(card.read_text().replace('"trades": 1200', '"trades": 1201'))
    with pytest.raises(ModelRefusedError, match="its card says other things than its arrays"):
        store.load("AAPL")


def test_the_model_of_another_symbol_is_refused(store: ModelStore, tmp_path: Path) -> None:
    card, arrays = files(tmp_path)
    card.rename(tmp_path / "MSFT.json")
    arrays.rename(tmp_path / arrays.name.replace("AAPL", "MSFT"))
    with pytest.raises(ModelRefusedError, match="it is the model of AAPL"):
        store.load("MSFT")


def test_a_model_for_other_features_is_refused(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(model_file, "FORMAT", 0)
        ModelStore(tmp_path).save(model, NOW)
    with pytest.raises(ModelRefusedError, match=r"outdated.*run: python anomaly_detector.py train AAPL"):
        ModelStore(tmp_path).load("AAPL")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2", b"\xff\xfe", b"null"])
def test_a_foreign_card_is_refused(store: ModelStore, tmp_path: Path, content: bytes) -> None:
    files(tmp_path)[0].write_bytes(content)
    with pytest.raises(ModelRefusedError, match="its card is broken"):
        store.load("AAPL")


def test_missing_arrays_are_refused(store: ModelStore, tmp_path: Path) -> None:
    files(tmp_path)[1].unlink()
    with pytest.raises(ModelRefusedError, match="No such file"):
        store.load("AAPL")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 broken"])
def test_bytes_that_are_no_model_are_refused(content: bytes) -> None:
    with pytest.raises(model_file.BadModelError, match="no model of this program"):
        model_file.unpacked(content, "AAPL", "x")


def test_a_pickled_object_is_refused_and_never_run() -> None:
    file, forged = BytesIO(), np.array([{"run": "this"}], np.object_)
    np.savez(file, allow_pickle=True, **dict.fromkeys(model_file.ARRAYS, forged))
    with pytest.raises(model_file.BadModelError, match="allow_pickle=False"):
        model_file.unpacked(file.getvalue(), "AAPL", "x")


def test_a_tree_that_points_outside_itself_is_refused(model: Model) -> None:
    forest = model.forest
    wild = type(forest)(
        forest.roots,
        forest.column,
        forest.cut,
        forest.left + 10**6,
        forest.right,
        forest.path,
        1.0,
    )
    with pytest.raises(model_file.BadModelError, match="out of range"):
        model_file.unpacked(model_file.packed(replace(model, forest=wild)), "AAPL", "x")


def test_a_folder_that_cannot_be_written_is_told_in_a_line(tmp_path: Path, model: Model) -> None:
    taken = tmp_path / "file"
    taken.write_text("no folder")
    with pytest.raises(ModelsFolderError, match=r"cannot write models to .*MODELS_DIR"):
        ModelStore(taken).save(model, NOW)


def test_a_tree_that_would_be_walked_in_circles_is_refused(model: Model) -> None:
    left = model.forest.left.copy()
    inner = np.flatnonzero(left != np.arange(len(left)))
    left[inner[1]] = inner[0]
    circular = replace(model, forest=replace(model.forest, left=left))
    with pytest.raises(model_file.BadModelError, match="out of range"):
        model_file.unpacked(model_file.packed(circular), "AAPL", "x")


def test_a_symbol_without_a_model_gets_that_of_all(tmp_path: Path) -> None:
    kept = ModelStore(tmp_path)
    kept.save(fit_together([quiet(1_200), quiet(1_200, seed=8)]), NOW)
    loaded = kept.load_for("TSLA")
    assert loaded is not None
    assert loaded.card.symbol == POOLED


def test_detectors_take_up_models_that_are_new_or_newer(tmp_path: Path) -> None:
    kept = ModelStore(tmp_path)
    detectors = SymbolDetectors(kept)
    tape, _ = labelled("AAPL", 2_000, seed=5)
    spiked = replace(tape, volume=np.where(np.arange(len(tape)) % 500 == 470, 5e6, tape.volume))
    versions = []
    for at, new in (
        (0, None),
        (500, fit_together([quiet(1_200)])),
        (1_000, fit(quiet(1_300))),
        (1_500, None),
    ):
        if new:
            kept.save(new, NOW)
        detectors.refresh()
        versions.append({found.model_version for found in detectors.examine(0, spiked[at : at + 500])})
    pooled, own = kept.load(POOLED), kept.load("AAPL")
    assert pooled is not None
    assert own is not None
    assert versions == [{"none"}, {pooled.version}, {own.version}, {own.version}]


def test_a_note_on_drift_is_no_model(tmp_path: Path) -> None:
    kept = ModelStore(tmp_path)
    kept.put_note(DriftNote("AAPL", "pause", 0.4, 1))
    assert kept.note() == DriftNote("AAPL", "pause", 0.4, 1)
    assert kept.stamps() == {}


def test_drift_is_told_where_volatility_and_pace_change(model: Model) -> None:
    same = drift_of(model, quiet(4_000, seed=9))
    other = quiet(4_000, seed=9)
    wilder = drift_of(model, replace(other, volume=np.exp(np.log(other.volume) * 2.5)))
    assert same is not None
    assert wilder is not None
    assert wilder.has_drifted
    assert wilder.index > same.index
    assert drift_of(model, quiet(500)) is None


def test_trades_that_are_handed_over_faster_or_slower_are_no_drift() -> None:
    tape = quiet(6_000)
    # As a producer that stalls, or one that is given more of its processor, stamps them.
    speed = np.repeat([1.0, 0.003, 0.03], len(tape) // 3)
    pauses = np.diff(tape.micros, prepend=tape.micros[0])
    uneven = replace(tape, micros=tape.micros[0] + np.cumsum(pauses * speed).astype(np.int64))
    learnt = fit(uneven)
    index = dict(zip(NAMES, stability(learnt.bins, compressed(features(uneven))), strict=True))
    assert max(index["pause"], index["crowd_z"], index["jump_z"]) < DRIFTED / 2
    drift = drift_of(learnt, uneven)
    assert drift is not None
    assert not drift.has_drifted, str(drift)
