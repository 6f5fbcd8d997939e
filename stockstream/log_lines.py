"""Log output on standard error: plain lines for people, JSON for a log collector.

A JSON line is one object: `timestamp` (RFC 3339, UTC, microseconds), `level`, `logger` (the part of the
program), `process` (its name), `message`, and further fields of the line such as `error` or `symbol`.
"""

import logging
import sys
from collections.abc import Callable
from types import TracebackType

from pythonjsonlogger.msgspec import MsgspecFormatter

from stockstream.settings import LogFormat

Say = Callable[[Exception], None]


def begin(process: str, style: LogFormat = "plain") -> Say:
    """Configure log lines in a style, and return a function that reports the error that ends the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATS[style](process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It logs each request with its URL, which may contain a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    log = logging.getLogger(process)
    if style == "plain":
        return lambda exc: print(f"{process}: {exc}", file=sys.stderr)  # noqa: T201 - the one line a user sees
    sys.excepthook = _told(log)
    return lambda exc: log.error("%s", exc, extra={"error": type(exc).__name__})


def _plain(_process: str) -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S")


def _json(process: str) -> logging.Formatter:
    return MsgspecFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger"},
        static_fields={"process": process},
        timestamp=True,
    )


_FORMATS: dict[LogFormat, Callable[[str], logging.Formatter]] = {"plain": _plain, "json": _json}


def _told(
    log: logging.Logger,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Return an excepthook, because a traceback of many lines would become many broken records."""

    def hook(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
        log.critical("ended by a fault of the program", exc_info=(kind, exc, trace))

    return hook
