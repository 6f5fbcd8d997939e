"""A model as bytes: arrays and facts, which run no code when they are read, and are checked first."""

from importlib.metadata import version
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from stockstream.market.anomalies import features
from stockstream.market.anomalies.forest import Forest
from stockstream.market.anomalies.model import Card, Model
from stockstream.market.anomalies.scores import METHODS

FORMAT = 1
MOST_BYTES = 16_777_216
DEEPEST = 64
TREE = {"roots": np.int64, "column": np.int64, "cut": np.float64, "left": np.int64, "right": np.int64}
ARRAYS = TREE | {"path": np.float64, "centre": np.float64, "scale": np.float64, "facts": np.uint8}

Arrays = dict[str, NDArray[np.generic]]


class BadModelError(ValueError):
    """The bytes are no model that this program can use; the message says why."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What scoring needs beside the arrays, and what it was learnt with."""

    format: int
    features: tuple[str, ...]
    context: int
    depth: int
    normal: float
    libraries: dict[str, str]
    card: Card


def facts_of(model: Model) -> Facts:
    """Return the facts of a model that this program has made."""
    return Facts(
        format=FORMAT,
        features=features.NAMES,
        context=features.CONTEXT,
        depth=model.forest.depth,
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
        centre=model.centre,
        scale=model.scale,
        facts=facts,
    )
    return file.getvalue()


def unpacked(content: bytes, symbol: str, version_name: str) -> Model:
    """Return the model of an .npz file.

    Raises:
        BadModelError: it is none, of another symbol, or of another version of this program.
    """
    arrays = _arrays(content)
    facts = facts_in(arrays["facts"].tobytes())
    check(facts, symbol)
    _check_tree(arrays, facts.depth)
    forest = Forest(
        roots=arrays["roots"].astype(np.int64),
        column=arrays["column"].astype(np.int64),
        cut=arrays["cut"].astype(np.float64),
        left=arrays["left"].astype(np.int64),
        right=arrays["right"].astype(np.int64),
        path=arrays["path"].astype(np.float64),
        depth=facts.depth,
        normal=facts.normal,
    )
    centre, scale = arrays["centre"].astype(np.float64), arrays["scale"].astype(np.float64)
    return Model(facts.card, forest, centre, scale, version_name)


def facts_in(content: bytes) -> Facts:
    """Return the facts from JSON.

    Raises:
        BadModelError: they are none.
    """
    try:
        return msgspec.json.decode(content, type=Facts)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"no model of this program: {exc}"
        raise BadModelError(message) from exc


def check(facts: Facts, symbol: str) -> None:
    """Raise BadModelError unless the facts are of this symbol and this version of the program."""
    if (facts.format, facts.features, facts.context) != (FORMAT, features.NAMES, features.CONTEXT):
        message = "outdated: it was made for other features"
        raise BadModelError(message)
    if set(facts.card.thresholds) != set(METHODS):
        message = "outdated: it was made for other methods"
        raise BadModelError(message)
    if facts.card.symbol != symbol:
        message = f"it is the model of {facts.card.symbol}"
        raise BadModelError(message)
    numbers = (facts.normal, *facts.card.thresholds.values())
    if not (0 <= facts.depth <= DEEPEST and all(0 < number < np.inf for number in numbers)):
        message = "its numbers are out of range"
        raise BadModelError(message)


def _arrays(content: bytes) -> Arrays:
    """Read the arrays; one that is missing, too large or of another type is refused unread."""
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


def _check_tree(arrays: Arrays, depth: int) -> None:
    """Refuse a tree whose numbers point outside it."""
    nodes, columns = len(arrays["cut"]), len(features.NAMES)
    inside = all(
        len(arrays[name]) > 0 and _within(arrays[name], limit)
        for name, limit in (("roots", nodes), ("left", nodes), ("right", nodes), ("column", columns))
    )
    even = all(len(arrays[name]) == nodes for name in ("column", "left", "right", "path"))
    finite = all(np.isfinite(arrays[name].astype(np.float64)).all() for name in ("cut", "path", "centre"))
    scaled = len(arrays["centre"]) == len(arrays["scale"]) == columns
    if not (
        inside and even and finite and scaled and depth <= nodes and (arrays["scale"] > np.float64(0)).all()
    ):
        message = "its numbers are out of range"
        raise BadModelError(message)


def _within(indexes: NDArray[np.generic], limit: int) -> bool:
    whole = indexes.astype(np.int64)
    return bool((whole >= 0).all() and (whole < limit).all())
