"""Serialisation of a model: arrays and facts that run no code when read and are checked first."""

from importlib.metadata import version
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from stockstream.market.anomalies.features import table
from stockstream.market.anomalies.models.drift import BINS, Bins
from stockstream.market.anomalies.models.forest import Forest
from stockstream.market.anomalies.models.linear import Linear
from stockstream.market.anomalies.models.model import Card, Model
from stockstream.market.anomalies.rules import BY_NAME

FORMAT = 5
MOST_BYTES = 16_777_216
TREE = {"roots": np.int64, "column": np.int64, "cut": np.float64, "left": np.int64, "right": np.int64}
# Arrays with a column per feature are stored row by row.
FEATURES = len(table.NAMES)
LINEAR = {"centre": FEATURES, "scale": FEATURES, "whitening": FEATURES * FEATURES}
SPREAD = {"edges": FEATURES * (BINS - 1), "shares": FEATURES * BINS}
ARRAYS = TREE | {"path": np.float64} | dict.fromkeys(LINEAR | SPREAD, np.float64) | {"facts": np.uint8}

Arrays = dict[str, NDArray[np.generic]]


class BadModelError(ValueError):
    """The bytes are not a model that this program can use; the message says why."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What scoring needs besides the arrays, and how the model was trained."""

    format: int
    features: tuple[str, ...]
    context: int
    normal: float
    libraries: dict[str, str]
    card: Card


def facts_of(model: Model) -> Facts:
    """Return the facts of a model that this program has made."""
    return Facts(
        format=FORMAT,
        features=table.NAMES,
        context=table.CONTEXT,
        normal=model.forest.normal,
        libraries={name: version(name) for name in ("numpy", "scikit-learn")},
        card=model.card,
    )


def packed(model: Model) -> bytes:
    """Return the model as an .npz file; the same model gives the same bytes."""
    forest, facts = model.forest, np.frombuffer(msgspec.json.encode(facts_of(model)), np.uint8)
    file = BytesIO()
    np.savez(
        file,
        allow_pickle=False,
        roots=forest.roots,
        column=forest.column,
        cut=forest.cut,
        left=forest.left,
        right=forest.right,
        path=forest.path,
        centre=model.linear.centre,
        scale=model.linear.scale,
        whitening=model.linear.whitening.ravel(),
        edges=model.bins.edges.ravel(),
        shares=model.bins.shares.ravel(),
        facts=facts,
    )
    return file.getvalue()


def unpacked(content: bytes, symbol: str, version_name: str) -> Model:
    """Return the model of an .npz file.

    Raises:
        BadModelError: the file is not a model, or belongs to another symbol or version of this program.
    """
    arrays = _arrays(content)
    facts = facts_in(arrays["facts"].tobytes())
    check(facts, symbol)
    _check_tree(arrays)
    _check_numbers(arrays)
    forest = Forest(
        roots=arrays["roots"].astype(np.int64),
        column=arrays["column"].astype(np.int64),
        cut=arrays["cut"].astype(np.float64),
        left=arrays["left"].astype(np.int64),
        right=arrays["right"].astype(np.int64),
        path=arrays["path"].astype(np.float64),
        normal=facts.normal,
    )
    by_feature = {name: arrays[name].astype(np.float64).reshape(FEATURES, -1) for name in LINEAR | SPREAD}
    linear = Linear(by_feature["centre"].ravel(), by_feature["scale"].ravel(), by_feature["whitening"])
    return Model(facts.card, forest, linear, Bins(by_feature["edges"], by_feature["shares"]), version_name)


def facts_in(content: bytes) -> Facts:
    """Return the facts from JSON.

    Raises:
        BadModelError: the JSON is not valid facts.
    """
    try:
        return msgspec.json.decode(content, type=Facts)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"no model of this program: {exc}"
        raise BadModelError(message) from exc


def check(facts: Facts, symbol: str) -> None:
    """Raise BadModelError unless the facts are for this symbol and this version of the program."""
    if (facts.format, facts.features, facts.context) != (FORMAT, table.NAMES, table.CONTEXT):
        message = "outdated: it was made for other features"
        raise BadModelError(message)
    if not set(facts.card.thresholds) == set(facts.card.faster) == set(BY_NAME):
        message = "outdated: it was made for other methods"
        raise BadModelError(message)
    if facts.card.symbol != symbol:
        message = f"it is the model of {facts.card.symbol}"
        raise BadModelError(message)
    card = facts.card
    numbers = (
        *(facts.normal, card.size_deviation, card.pace),
        *(*card.thresholds.values(), *card.faster.values()),
    )
    if not all(0 < number < np.inf for number in numbers):
        message = "its numbers are out of range"
        raise BadModelError(message)


def _arrays(content: bytes) -> Arrays:
    """Read the arrays; one that is missing, too large or of another type is rejected unread."""
    try:
        if sum(member.file_size for member in ZipFile(BytesIO(content)).infolist()) > MOST_BYTES:
            message = f"larger than {MOST_BYTES:,} bytes"
            raise BadModelError(message)
        with np.load(BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in ARRAYS}
    except (BadZipFile, KeyError, EOFError, ValueError, NotImplementedError) as exc:
        message = f"no model of this program: {exc}"
        raise BadModelError(message) from exc
    if any(arrays[name].dtype != dtype or arrays[name].ndim != 1 for name, dtype in ARRAYS.items()):
        message = "no model of this program: its arrays have other types"
        raise BadModelError(message)
    return arrays


def _check_tree(arrays: Arrays) -> None:
    """Reject a tree whose indices point outside it, or in which a traversal would never end."""
    nodes = len(arrays["cut"])
    inside = all(
        len(arrays[name]) > 0 and _within(arrays[name], limit)
        for name, limit in (("roots", nodes), ("left", nodes), ("right", nodes), ("column", FEATURES))
    )
    even = all(len(arrays[name]) == nodes for name in ("column", "left", "right", "path"))
    if not (inside and even and _goes_on(arrays)):
        message = "its numbers are out of range"
        raise BadModelError(message)


def _goes_on(arrays: Arrays) -> bool:
    """Return whether each step of a traversal leads to a later node, or stays at a leaf."""
    node = np.arange(len(arrays["cut"]))
    left, right = (arrays[side].astype(np.int64) for side in ("left", "right"))
    is_leaf = (left == node) & (right == node)
    return bool((is_leaf | ((left > node) & (right > node))).all())


def _check_numbers(arrays: Arrays) -> None:
    """Reject numbers that cannot be used for scoring."""
    finite = all(
        np.isfinite(arrays[name].astype(np.float64)).all() for name in ("cut", "path", *LINEAR, *SPREAD)
    )
    even = all(len(arrays[name]) == size for name, size in (LINEAR | SPREAD).items())
    if not (finite and even and (arrays["scale"] > np.float64(0)).all()):
        message = "its numbers are out of range"
        raise BadModelError(message)


def _within(indexes: NDArray[np.generic], limit: int) -> bool:
    whole = indexes.astype(np.int64)
    return bool((whole >= 0).all() and (whole < limit).all())
