"""The outcome of a replay: how many of its trades were already stored."""

import logging
import time
from collections.abc import Mapping
from threading import Event

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.postgres.read.replayed import Consumed, Given, ReplayedTape
from stockstream.errors import StockstreamError
from stockstream.jobs.retry import Retry

BETWEEN_LOOKS = 0.2
LONGEST_STANDSTILL = 3.0  # seconds without progress of the consumer

log = logging.getLogger("producer")


class Outcome:
    """Compares the topic's ends before and after a replay, and examines the tape in between.

    Trades of another producer in the meantime are counted too, but only if they have the same source and
    time.
    """

    def __init__(self, tape: ReplayedTape, servers: Where, topic: str, stop: Event) -> None:
        """Create an outcome; `stop` ends the wait for the consumer."""
        self._tape, self._servers, self._topic, self._stop = tape, servers, topic, stop
        self._begins: Mapping[int, int] = {}

    def begin(self) -> None:
        """Record where the topic ends.

        Raises:
            RecoverableError: a stop was requested while no broker answered.
        """
        self._begins = Retry(self._stop, log)(lambda: ends(self._servers, self._topic))

    def end(self, given: Given) -> None:
        """Report how many of the trades sent were already stored; wait while the consumer advances."""
        try:
            stored = self._stored(given)
        except StockstreamError as exc:
            log.info("how many were stored already is not known: %s", exc)
            return
        if stored is None:
            log.info("the consumer has not read them yet: how many were stored already is not known")
        else:
            log.info("%s of these were stored already", f"{max(given.trades - stored, 0):,}")

    def _stored(self, given: Given) -> int | None:
        """Return how many of the trades sent were newly stored, or None if they have not been read yet."""
        spans = {part: (self._begins.get(part, 0), end) for part, end in self._ends().items()}
        if sum(end - begin for begin, end in spans.values()) < given.trades:
            # Nothing after another producer's open transaction can be read yet.
            return None
        consumed = self._await(spans)
        if consumed is None:
            return None
        bases = {part: consumed[part].base for part in spans}
        return self._tape.stored(
            {part: (begin + bases[part], end + bases[part]) for part, (begin, end) in spans.items()}, given
        )

    def _ends(self) -> Mapping[int, int]:
        return {
            part: end
            for part, end in ends(self._servers, self._topic).items()
            if end > self._begins.get(part, 0)
        }

    def _await(self, spans: Mapping[int, tuple[int, int]]) -> Mapping[int, Consumed] | None:
        """Return the consumer's progress once it is past the spans, or None if it stops before."""
        before, since = None, time.monotonic()
        while not self._stop.wait(BETWEEN_LOOKS if before is not None else 0):
            consumed = self._tape.consumed()
            if all(
                part in consumed and consumed[part].next_offset >= end + consumed[part].base
                for part, (_, end) in spans.items()
            ):
                return consumed
            if consumed != before:
                before, since = consumed, time.monotonic()
            elif time.monotonic() - since > LONGEST_STANDSTILL:
                return None
        return None
