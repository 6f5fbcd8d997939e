"""The system status: the jobs' committed offsets, the candles' freshness, and dead letters."""

from dataclasses import dataclass, field
from datetime import datetime

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.reach import reach, symbols
from stockstream.ui.data.sql import query
from stockstream.ui.data.window import Span

MOST_LETTERS = 50


@dataclass(frozen=True)
class JobProgress:
    """A job's progress in a partition, in offsets of the current incarnation; `idle` is in seconds."""

    job: str
    topic: str
    partition: int
    next_offset: int
    duplicates: int
    idle: float


@dataclass(frozen=True)
class DeadLetterRow:
    """A message that could not be read: its position, the reason, and how it begins."""

    topic: str
    partition: int
    offset: int
    reason: str
    tries: int
    received_at: datetime
    begins: str | None


@dataclass(frozen=True)
class Session:
    """The connections of one program to the database."""

    program: str
    connections: int


@dataclass(frozen=True)
class Process:
    """A process that start.sh keeps running: its state as the supervisor names it, and its memory.

    Attributes:
        since: when it was last started; None if it never was.
        memory: resident bytes; None if it does not run.
    """

    name: str
    state: str
    pid: int
    since: datetime | None
    memory: int | None


@dataclass(frozen=True)
class Minute:
    """What the candles of one minute count: trades in time, and trades that came late."""

    start: datetime
    trades: int
    late: int


@dataclass(frozen=True)
class SystemStatus:
    """How the jobs do; the answer to a `Condition`.

    Attributes:
        candle_idle: seconds since a candle of the newest minute was last written.
        waiting: how many minutes wait to be reconciled, and for how many seconds the oldest has waited.
        latency: seconds from a trade to the transaction that stored it, for the newest trade of each
            partition: the median and the slowest. None if no trade is at the consumer's committed offset.
        letter_count: the number of all dead letters, counted up to ten thousand.
    """

    question: "Condition"
    read_at: datetime
    newest: datetime | None = None
    candles_end: datetime | None = None
    span: Span | None = None
    symbols: tuple[str, ...] = ()
    candle_idle: float | None = None
    offsets: list[JobProgress] = field(default_factory=list)
    letters: list[DeadLetterRow] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=list)
    latency: tuple[float, float] | None = None
    letter_count: int = 0
    absent: tuple[str, ...] = ()
    waiting: tuple[int, float] = (0, 0.0)


@dataclass(frozen=True)
class Condition:
    """The question how the system is doing; every viewer asks the same."""

    window: str = "60m"

    def answer(self, rows: Rows) -> SystemStatus:
        """Read the system status; all rows are of one moment."""
        known = symbols(rows)
        there = reach(rows, known)
        minutes = [Minute(*row) for row in rows(query("minutes"), {"symbols": list(known)})]
        ((candle_idle,),) = rows(query("candle_idle"), None)
        ((middle, slowest),) = rows(query("latency"), {"symbols": list(known)})
        ((letter_count,),) = rows(query("letter_count"), None)
        (waiting,) = rows(query("waiting"), None)
        return SystemStatus(
            self,
            there.read_at,
            there.newest,
            there.candles_end,
            Span(minutes[0].start, there.newest) if minutes and there.newest else None,
            known,
            candle_idle,
            [JobProgress(*row) for row in rows(query("select_offsets"), None)],
            [DeadLetterRow(*row) for row in rows(query("letters"), {"at_most": MOST_LETTERS})],
            [Session(*row) for row in rows(query("sessions"), None)],
            minutes,
            None if middle is None else (middle, slowest),
            letter_count,
            there.absent,
            (int(waiting[0]), float(waiting[1])),
        )
