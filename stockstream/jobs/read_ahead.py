"""Reading ahead: the next batches are read and made ready while the one at hand is stored.

Two threads share the work because both leave Python's lock for most of it: the client and compiled code on
this side, the driver and PostgreSQL on the other.
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Full, Queue, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Protocol, Self

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch, encode
from stockstream.connectors.postgres.store.trades import unmarked
from stockstream.errors import RecoverableError, StockstreamError
from stockstream.jobs.decoded_batch import decode_batch

Found = tuple[EncodedBatch, Batch]

PLAIN = (
    b'{"trade_id":"0","timestamp":"2000-01-01T00:00:00Z","symbol":"A","price":1,"volume":1,'
    b'"trade_type":"BUY","source":"none","anomaly":null}'
)
AHEAD = 1
WAIT = 0.1
# A batch that waits longer than this waits for the database: the group must not think us dead.
TIMEOUT = 1.0


class BatchSource(Protocol):
    """What gives batches of messages."""

    @property
    def is_joined(self) -> bool:
        """Whether it knows what to read."""

    def next_batch(self) -> Batch:
        """Return the messages at hand; none is a fine answer."""

    def lag(self) -> int:
        """Return how many messages are still to be read."""

    def keep_alive(self) -> None:
        """Stay a member without reading."""

    def rewind(self) -> None:
        """Ask again where to read from."""

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far the tape is."""


class ReadAhead:
    """A source that reads ahead in a thread of its own; use it in a `with` block.

    Everything that touches the source happens in that thread: its client is not made for two.
    """

    def __init__(self, source: BatchSource, reached: Callable[[str], None] = unmarked) -> None:
        """Prepare to read `source`, which from then on only this object may read.

        `reached` is told the labelled point before the hint.
        """
        self._source = source
        self._reached = reached
        # None is the first answer after an error, where it has no messages.
        self._ready: Queue[tuple[int, Found | BaseException | None]] = Queue(AHEAD)
        self._last_error: RecoverableError | None = None
        self._wishes: SimpleQueue[tuple[Future[int], Callable[[], int | None]]] = SimpleQueue()
        # What was read before the last rewind is of an older life and is not handed out.
        self._life, self._wanted_life = 0, 0
        self._ended, self._asked = Event(), Event()
        self._thread = Thread(target=self._run, name="prefetch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread; what was read ahead is read again by whoever reads next."""
        self._ended.set()
        self._asked.set()
        self._thread.join()

    @property
    def is_joined(self) -> bool:
        """Whether the source knows what to read."""
        return self._source.is_joined

    def next_batch(self) -> Found | None:
        """Return the next batch and where it came from; None if nothing comes for a moment.

        Raises:
            StockstreamError: what the source raised; it is asked again at the next call, and a
                RecoverableError stands until it has answered.
        """
        self._asked.set()
        try:
            life, found = self._ready.get(timeout=WAIT)
        except Empty:
            if self._last_error:
                raise self._last_error.with_traceback(None) from None
            return None
        self._last_error = found if isinstance(found, RecoverableError) else None
        if isinstance(found, BaseException):
            raise found
        return found if life == self._wanted_life else None

    def lag(self) -> int:
        """Return how many messages are still to be read, and batches to be taken.

        Raises:
            KafkaUnreachableError: the broker does not say.
        """
        return self._wish(lambda: self._source.lag() + self._ready.qsize()).result()

    def rewind(self) -> None:
        """Forget what was read ahead, and have the source ask again where to read from."""
        self._wanted_life += 1
        self._last_error = None
        self._wish(self._rewind)

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far the tape is."""
        self._reached("before the hint")
        self._wish(lambda: self._source.commit_to_group(batch))

    def _wish(self, call: Callable[[], int | None]) -> "Future[int]":
        future: Future[int] = Future()
        self._wishes.put((future, call))
        self._asked.set()
        return future

    def _run(self) -> None:
        failure: BaseException | None = None
        while self._goes_on():
            try:
                self._grant_wishes()
                if failure:
                    self._hand_over(failure)
                    # It is asked again when somebody wants to know, not in a spin.
                    self._asked.wait()
                batch = self._source.next_batch()
                if batch or failure:
                    self._hand_over((prepare(batch), batch) if batch else None)
                failure = None
            except BaseException as exc:  # noqa: BLE001 - the other thread raises it, whatever it is
                failure = exc
        self._grant_wishes()

    def _goes_on(self) -> bool:
        # Cleared before anything is looked at: what is wanted from here on keeps the thread from waiting.
        self._asked.clear()
        return not self._ended.is_set()

    def _rewind(self) -> None:
        self._life = self._wanted_life
        self._source.rewind()

    def _grant_wishes(self) -> None:
        while not self._wishes.empty():
            future, call = self._wishes.get()
            try:
                future.set_result(call() or 0)
            except StockstreamError as exc:
                future.set_exception(exc)

    def _hand_over(self, found: Found | BaseException | None) -> None:
        """Put it where the other thread takes it; while there is no room, stay in the group and answer."""
        while not self._ended.is_set() and self._life == self._wanted_life:
            try:
                self._ready.put((self._life, found), timeout=TIMEOUT)
            except Full:
                self._grant_wishes()
                self._source.keep_alive()
            else:
                return


def prepare(batch: Batch) -> EncodedBatch:
    """Sort the messages of a batch, and make what is to be stored of them."""
    return encode(decode_batch(batch))


def warm_up() -> None:
    """Load the machine code that every batch needs, before the first one has to wait for it."""
    prepare(Batch([PLAIN], [None], [0], [0], {0: (0, 1)}))
