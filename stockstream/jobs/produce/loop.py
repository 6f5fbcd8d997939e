"""The producer's loop: send trades from a source to the topic."""

import time
from collections.abc import Callable
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.sink import KafkaSink, Messages
from stockstream.errors import StockstreamError

MOST = 10_000
GLANCE = 0.1
LONGEST_UNSETTLED = 5.0  # seconds, so that a kill repeats at most this much of a file

OnProgress = Callable[[KafkaSink], None]


class MessageSource(Protocol):
    """A source of messages: the simulated market, a feed, or files."""

    resumes: bool  # whether a restart resumes where it stopped

    def next_messages(self, most: int, stop: Event) -> Messages | None:
        """Return up to `most` messages soon, possibly none; None when there will be no more."""

    def settled(self) -> None:
        """Record that all messages returned so far are acknowledged: a restart may resume after them."""


def produce(
    source: MessageSource, sink: KafkaSink, count: int | None, stop: Event, on_progress: OnProgress
) -> int:
    """Move messages from the source to the sink until `count`, the source's end or `stop`.

    Order of effects: messages are drawn, then accepted by the sink's queue, which sends them and counts
    acknowledgements while the next are drawn; at the end all accepted messages are awaited. A message is
    therefore lost only if it was never acknowledged: by a kill, or by a stop in an outage. An error of the
    source is raised after that.

    Args:
        source: where messages come from.
        sink: where messages go.
        count: how many messages to send; None for no limit.
        stop: ends the loop.
        on_progress: called at each turn, to show the sink's progress.

    Returns:
        The number of accepted messages that did not reach the broker.

    Raises:
        DeliveryError: the client can send no more.
        StockstreamError: the source cannot continue.
    """
    whole, settled, failure = True, time.monotonic(), None
    while not stop.is_set() and (count is None or sink.accepted < count):
        most = MOST if count is None else min(MOST, count - sink.accepted)
        try:
            messages = source.next_messages(most, stop)
        except StockstreamError as exc:
            failure, messages = exc, None
        if messages is None:
            break
        whole = sink.send(messages, stop) == len(messages)
        on_progress(sink)
        if source.resumes and time.monotonic() - settled > LONGEST_UNSETTLED:
            _drain(sink, stop, on_progress)
        if whole and not sink.unsettled:
            source.settled()
            settled = time.monotonic()
    _drain(sink, stop, on_progress)
    sink.flush()
    if whole and not sink.unsettled + sink.failed:
        source.settled()
    if failure:
        raise failure
    return sink.unsettled + sink.failed


def _drain(sink: KafkaSink, stop: Event, on_progress: OnProgress) -> None:
    """Wait until all accepted messages are settled."""
    while sink.unsettled and not stop.is_set():
        sink.poll(GLANCE)
        on_progress(sink)
