"""Sampling: several parts at the same time, each for a bounded time."""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from stockstream.errors import ServiceError, StockstreamError

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class SamplePair(Generic[Seen]):
    """Two samples of the same thing, a second apart."""

    before: Seen
    after: Seen


class BackgroundProbe(Generic[Seen]):
    """A probe that runs in the background beside others.

    >>> BackgroundProbe(lambda: 7, seconds=5).seen()
    7
    """

    def __init__(self, look: Callable[[], Seen], seconds: float) -> None:
        """Start the probe; it may take `seconds` from now."""
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._future: Future[Seen] = Future()
        # An executor's threads are joined at exit; a daemon thread that hangs here is abandoned.
        Thread(target=self._run, args=(look,), daemon=True).start()

    def seen(self) -> Seen | StockstreamError:
        """Return the sample, or the error that was raised instead."""
        wait([self._future], timeout=max(self._deadline - time.monotonic(), 0))
        if not self._future.done():
            return ServiceError(what=f"no answer within {self._seconds:g} seconds")
        met = self._future.exception()
        return met if isinstance(met, StockstreamError) else self._future.result()

    def _run(self, look: Callable[[], Seen]) -> None:
        try:
            self._future.set_result(look())
        except StockstreamError as exc:
            self._future.set_exception(exc)
