"""Retries: what to do while a server is unavailable, for as long as it takes."""

import logging
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential_jitter,
)

from stockstream.connectors.metrics.process import ProcessMetrics
from stockstream.errors import RecoverableError

Result = TypeVar("Result")

LONGEST_WAIT = 2.0
SPEAK_EVERY = 30.0


class Retry:
    """Retries an action while it raises RecoverableError, until `stop` is set.

    The error is logged at once, when it changes, every half minute, and when the outage is over.

    >>> from stockstream.errors import PostgresBusyError
    >>> answers = [PostgresBusyError(reason="restarting"), 7]
    >>> def ask():
    ...     answer = answers.pop(0)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> Retry(Event(), logging.getLogger("doc"), pause=lambda seconds: None)(ask)
    7
    """

    def __init__(
        self,
        stop: Event,
        log: logging.Logger,
        on_wait: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] | None = None,
        metrics: ProcessMetrics | None = None,
    ) -> None:
        """Create a retry.

        Args:
            stop: ends the retries; the last error is then raised.
            log: receives the errors.
            on_wait: called before each new try, for example to stay in a consumer group.
            pause: waits the given number of seconds; by default until `stop` is set at the latest.
            metrics: updated with each failed try and the end of an outage.
        """
        self._metrics = metrics or ProcessMetrics()
        self._log = log
        self._meanwhile = on_wait
        self._spoken: dict[str, float] = {}
        self._retrying = Retrying(
            retry=retry_if_exception_type(RecoverableError),
            wait=wait_exponential_jitter(multiplier=0.1, max=LONGEST_WAIT),
            stop=stop_when_event_set(stop),
            sleep=pause or sleep_using_event(stop),
            before_sleep=self._before_waiting,
            reraise=True,
        )

    def __call__(self, action: Callable[[], Result]) -> Result:
        """Return what `action` returns, however many tries that takes."""
        self._spoken = {}
        result = self._retrying(action)
        if self._spoken:
            self._metrics.goes_on()
            self._log.info("it works again")
        return result

    def _before_waiting(self, state: RetryCallState) -> None:
        exc = state.outcome.exception() if state.outcome else None
        error = str(exc or "")
        if exc:
            self._metrics.waits(exc)
        elapsed = state.seconds_since_start or 0.0
        if elapsed - self._spoken.get(error, -SPEAK_EVERY) >= SPEAK_EVERY:
            self._log.warning("%s", error, extra={"error": type(exc).__name__})
            self._spoken[error] = elapsed
        self._meanwhile()
