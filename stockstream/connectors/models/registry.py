"""The model store: a folder with two files per symbol, which run no code when they are read.

`AAPL.json` is the card, for people, with the SHA-256 of the other file; `AAPL-<version>.npz` has everything
that scoring reads. Saving writes the arrays under their new name and then replaces the card by one rename, so
a reader sees either the old model or the new one.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from stockstream.connectors.models.model_file import (
    MOST_BYTES,
    BadModelError,
    Facts,
    check,
    facts_of,
    packed,
    unpacked,
)
from stockstream.errors import ModelRefusedError, ModelsFolderError
from stockstream.market.anomalies.models.model import POOLED, Model

VERSION_LETTERS = 12
# Without a card's suffix, so that it is not taken for one.
NOTE = "drift"


class StoredCard(msgspec.Struct, frozen=True, kw_only=True):
    """The card as it is stored; `facts` are also in the file of the arrays, and must be equal."""

    sha256: str
    trained_at: datetime
    facts: Facts


class DriftNote(msgspec.Struct, frozen=True):
    """The symbol and feature that have drifted most, and how many symbols have drifted."""

    symbol: str
    feature: str
    index: float
    drifted: int


class ModelStore:
    """The models in a folder, one per symbol."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is created when the first model is saved."""
        self._folder = folder

    def save(self, model: Model, trained_at: datetime) -> Model:
        """Store a model in place of its symbol's former one, and return it with its version.

        Raises:
            ModelsFolderError: the folder cannot be written.
        """
        content, symbol = packed(model), model.card.symbol
        digest = hashlib.sha256(content).hexdigest()
        card = StoredCard(sha256=digest, trained_at=trained_at, facts=facts_of(model))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _put(self._arrays(symbol, digest), content)
            _put(self._card(symbol), msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
            self._drop_former(symbol, self._arrays(symbol, digest))
        except OSError as exc:
            raise ModelsFolderError(path=self._folder, reason=exc.strerror) from exc
        return replace(model, version=digest[:VERSION_LETTERS])

    def load(self, symbol: str) -> Model | None:
        """Return the model of a symbol, or None if there is none.

        Raises:
            ModelRefusedError: a file was changed, or is from another symbol or version of the program.
        """
        try:
            return self._load(symbol)
        except FileNotFoundError:
            # A newer model may have replaced it between the two files: try once more.
            pass
        except (BadModelError, OSError) as exc:
            raise self._refused(symbol, exc) from exc
        try:
            return self._load(symbol)
        except (BadModelError, OSError) as exc:
            raise self._refused(symbol, exc) from exc

    def load_for(self, symbol: str) -> Model | None:
        """Return the model of a symbol, or else the pooled model; None if there is neither.

        Raises:
            ModelRefusedError: a file was changed, or is from another symbol or version of the program.
        """
        return self.load(symbol) or self.load(POOLED)

    def put_note(self, note: DriftNote) -> None:
        """Store a drift note for `note`; if that fails, it is simply missing."""
        with suppress(OSError):
            _put(self._folder / NOTE, msgspec.json.encode(note))

    def note(self) -> DriftNote | None:
        """Return the last drift note."""
        try:
            return msgspec.json.decode(_read(self._folder / NOTE), type=DriftNote)
        except (OSError, BadModelError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def stamps(self) -> dict[str, int]:
        """Return, for each symbol that has a card, a number that changes when its model does."""
        try:
            with os.scandir(self._folder) as entries:
                return {
                    unquote(entry.name.removesuffix(".json")): entry.stat().st_mtime_ns
                    for entry in entries
                    if entry.name.endswith(".json")
                }
        except OSError:
            return {}

    def _load(self, symbol: str) -> Model | None:
        if not self._card(symbol).exists():
            return None
        try:
            card = msgspec.json.decode(_read(self._card(symbol)), type=StoredCard)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            message = f"its card is broken: {exc}"
            raise BadModelError(message) from exc
        check(card.facts, symbol)
        content = _read(self._arrays(symbol, card.sha256))
        if hashlib.sha256(content).hexdigest() != card.sha256:
            message = "changed: the SHA-256 of its arrays is not the one on its card"
            raise BadModelError(message)
        model = unpacked(content, symbol, card.sha256[:VERSION_LETTERS])
        if model.card != card.facts.card:
            message = "changed: its card says other things than its arrays"
            raise BadModelError(message)
        return model

    def _refused(self, symbol: str, reason: Exception) -> ModelRefusedError:
        cause = reason.strerror if isinstance(reason, OSError) else reason
        return ModelRefusedError(path=self._card(symbol), reason=cause, symbol=symbol)

    def _card(self, symbol: str) -> Path:
        return self._folder / f"{quote(symbol, safe='')}.json"

    def _arrays(self, symbol: str, digest: str) -> Path:
        # The digest comes from a file: quoting keeps it a name in this folder.
        return self._folder / f"{quote(symbol, safe='')}-{quote(digest[:VERSION_LETTERS], safe='')}.npz"

    def _drop_former(self, symbol: str, newest: Path) -> None:
        for path in self._folder.glob(f"{quote(symbol, safe='')}-{'[0-9a-f]' * VERSION_LETTERS}.npz"):
            if path != newest:
                path.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """Write a file atomically: readers find the complete former or new content."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        message = f"larger than {MOST_BYTES:,} bytes"
        raise BadModelError(message)
    return content
