"""Labelled anomalies injected into a tape, so that a detector can be measured.

It knows the tape and the market's own path, and nothing of any detector.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from stockstream.market.simulator.kinds import KINDS, LABELS, Kind, Segment
from stockstream.market.simulator.path import Path
from stockstream.market.simulator.tape import Ints, Tape

MOST_SHARE = 0.99
NEAR = 8  # candidates per trade of an episode that are examined before all others


@dataclass(frozen=True)
class Injection:
    """How often anomalies occur, and which.

    Args:
        share: the share of all trades that carry a label, from 0 to 1.
        kinds: the possible kinds; change a kind's weight, length or size with `replace`.
        magnitude: how many times as strong as usual.
    """

    share: float = 0.01
    kinds: tuple[Kind, ...] = KINDS
    magnitude: float = 1.0

    @property
    def begins(self) -> float:
        """The probability that a trade outside any episode begins one."""
        weights = np.array([kind.weight for kind in self.kinds])
        mean_trades = np.array([kind.mean_trades for kind in self.kinds]) @ weights / weights.sum()
        share = min(self.share, MOST_SHARE)
        return min(1.0, share / (1 - share) / float(mean_trades))


@dataclass(frozen=True)
class Episode:
    """An anomaly in progress in one symbol; `number` counts the market's episodes from 1."""

    number: int
    kind: Kind
    symbol: int
    trades: int
    size: float
    sign: int
    first_cents: int
    first_volume: int
    done: int = 0


@dataclass
class Injector:
    """Disturbs tape after tape; an episode may continue from one into the next."""

    rng: Generator
    injection: Injection
    _open: list[Episode] = field(default_factory=list)
    _begun: int = 0

    def __post_init__(self) -> None:
        self._kinds = tuple(kind.scaled(self.injection.magnitude) for kind in self.injection.kinds)
        weights = np.array([kind.weight for kind in self._kinds])
        self._chances = np.cumsum(weights) / weights.sum()

    def disturb(self, tape: Tape, path: Path) -> None:
        """Inject anomalies into the tape in place: into its columns and its labels.

        A symbol has one episode at a time, and a trade one label.
        """
        rows_of = _rows_by_symbol(tape)
        going_on, self._open = self._open, []
        for episode in going_on:
            self._go_on(episode, tape, path, rows_of[episode.symbol], 0)
        for row in np.flatnonzero(self.rng.random(len(tape)) < self.injection.begins).tolist():
            if not tape.label[row]:
                episode = self._begin(tape, row)
                self._go_on(episode, tape, path, rows_of[episode.symbol], row)

    def _begin(self, tape: Tape, row: int) -> Episode:
        kind = self._kinds[int(np.searchsorted(self._chances, self.rng.random(), side="right"))]
        self._begun += 1
        return Episode(
            self._begun,
            kind,
            symbol=int(tape.symbol[row]),
            trades=int(self.rng.integers(kind.trades[0], kind.trades[1] + 1)),
            size=float(self.rng.uniform(*kind.size)),
            sign=1 if self.rng.random() < 0.5 else -1,  # noqa: PLR2004 - even
            first_cents=int(tape.cents[row]),
            first_volume=int(tape.volume[row]),
        )

    def _go_on(self, episode: Episode, tape: Tape, path: Path, own_rows: Ints, start: int) -> None:
        """Shape the episode's trades from row `start` on, and keep it open if it is not over yet."""
        left = episode.trades - episode.done
        begin = np.searchsorted(own_rows, start)
        candidates = np.arange(start, len(tape)) if episode.kind.crowds else own_rows[begin:]
        rows = _free(tape, candidates[: NEAR * left])[:left]
        if rows.size < left:
            rows = _free(tape, candidates)[:left]
        if rows.size:
            self._shape(episode, tape, path, rows)
        if rows.size < left:
            self._open.append(replace(episode, done=episode.done + rows.size))

    def _shape(self, episode: Episode, tape: Tape, path: Path, rows: Ints) -> None:
        turns = np.arange(episode.done, episode.done + rows.size)
        tape.symbol[rows] = episode.symbol
        segment = Segment(
            tape,
            path,
            rows,
            turns,
            turns / max(episode.trades - 1, 1),
            episode.size,
            episode.sign,
            episode.first_cents,
            episode.first_volume,
        )
        episode.kind.shape(segment)
        tape.label[rows] = LABELS.index(episode.kind.label)
        tape.episode[rows] = episode.number


def _free(tape: Tape, rows: Ints) -> Ints:
    free: Ints = rows[tape.label[rows] == 0]
    return free


def _rows_by_symbol(tape: Tape) -> list[Ints]:
    # Two bytes wide, because such integers are sorted by counting.
    order = np.argsort(tape.symbol.astype(np.uint16), kind="stable")
    bounds = np.searchsorted(tape.symbol[order], np.arange(len(tape.symbols) + 1))
    return [order[start:end] for start, end in pairwise(bounds)]
