"""A rule: everything that the detector, thresholds, explanations and charts need to know of one method.

A rule without one of its parts cannot be created. The three kinds differ in what they score: a trade by its
features, a streak of trades, or a trade by what was learnt of its symbol.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from stockstream.market.anomalies.features.table import LOOKBACK
from stockstream.market.anomalies.features.trade_window import Floats, Ints, TradeWindow
from stockstream.market.anomalies.kinds import Kind
from stockstream.market.anomalies.models.forest import Forest
from stockstream.market.anomalies.models.linear import Linear


class Tail(Enum):
    """How the scores of ordinary trades continue beyond those in a slice of the tape (see `at_budget`)."""

    LIGHT = "light"
    HEAVY = "heavy"  # price moves, and distances made of them
    STRAIGHT = "straight"  # the root of a likelihood ratio: normal except for its scale (Wilks, 1938)


class Learnt(Protocol):
    """The part of a model that scoring needs."""

    @property
    def forest(self) -> Forest:
        """The forest."""

    @property
    def linear(self) -> Linear:
        """Its linear complement."""

    @property
    def size_deviation(self) -> float:
        """The deviation of the logarithm of volumes above their median."""


@dataclass(frozen=True, eq=False)
class Streaks:
    """The streak of each trade after the first LOOKBACK; columns of equal length.

    Attributes:
        length: trades in it so far, at most LONGEST; 0 for a trade without the property.
        score: its surprise.
        chance: the probability of the trade itself.
        sizes: the part of the score that is due to sizes; 0 if they do not count.
    """

    length: Ints
    score: Floats
    chance: Floats
    sizes: Floats


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of all rules for every trade after the first LOOKBACK.

    Attributes:
        features: shape (trades, features).
        each: by rule, the score of each trade; for a rule on sequences, that of its streak so far.
        streaks: by rule, the streak of each trade.
        pace: trades a day at the mean pace of the LOOKBACK trades before each.
    """

    features: Floats
    each: dict[str, Floats]
    streaks: dict[str, Streaks]
    pace: Floats


@dataclass(frozen=True, eq=False)
class Alerted:
    """A trade above a rule's threshold, with its context.

    Attributes:
        row: its row in the scores; the trade itself is LOOKBACK further in the window.
        learnt: None without a model.
    """

    window: TradeWindow
    scores: Scores
    row: int
    threshold: float
    learnt: Learnt | None

    @property
    def index(self) -> int:
        """Its row in the window."""
        return LOOKBACK + self.row

    @property
    def features(self) -> Floats:
        """Its features."""
        features: Floats = self.scores.features[self.row]
        return features


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule(ABC):
    """A rule.

    Attributes:
        name: the name under which models and findings store it.
        family: rules of one family see the same event: one that reports soon after another adds nothing.
        share: its share of the alert budget, relative to the others; rules whose findings no other rule
            makes have more.
        prior: its threshold without a model; None for a rule that needs one.
        least: lower limit of measured thresholds; None for a streak's own share.
        tail: how its scores are extrapolated.
    """

    name: str
    family: str
    share: float
    prior: float | None
    least: float | None
    tail: Tail = Tail.LIGHT

    @abstractmethod
    def kind_of(self, alerted: Alerted) -> Kind:
        """Return the kind of a finding."""

    @abstractmethod
    def sentence(self, alerted: Alerted) -> str:
        """Return why the trade stands out, with the numbers that make it verifiable."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OneKindRule(Rule):
    """A rule whose findings all have one kind."""

    kind: Kind

    def kind_of(self, alerted: Alerted) -> Kind:  # noqa: ARG002 - all have one kind
        """Return its kind."""
        return self.kind


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureRule(OneKindRule):
    """A rule on a trade's features; `score` takes them, shape (trades, features), and the model if any."""

    score: Callable[[Floats, Learnt | None], Floats]
    explain: Callable[[TradeWindow, int, Floats], str]

    def sentence(self, alerted: Alerted) -> str:
        """Return why the trade stands out."""
        return self.explain(alerted.window, alerted.index, alerted.features)


@dataclass(frozen=True, eq=False, kw_only=True)
class SequenceRule(OneKindRule):
    """A rule on the order of trades."""

    streaks: Callable[[TradeWindow], Streaks]
    explain: Callable[[TradeWindow, int, Streaks, int], str]

    def sentence(self, alerted: Alerted) -> str:
        """Return why the streak stands out."""
        return self.explain(alerted.window, alerted.index, alerted.scores.streaks[self.name], alerted.row)
