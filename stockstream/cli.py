"""The common entry point of all scripts: settings, signals, and errors in one line."""

import ctypes
import gc
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from stockstream import log_lines
from stockstream import settings as settings_of
from stockstream.errors import SettingsError, StockstreamError, UsageError
from stockstream.settings import Settings

# As named in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

Main = Callable[[Namespace, Settings, Event], int]


def run(parser: ArgumentParser, main: Main, argv: list[str] | None = None) -> None:
    """Run `main(arguments, settings, stop)` and end the process with its exit code.

    `stop` is set by Ctrl-C and SIGTERM; a second Ctrl-C ends the process at once. Every error that a user can
    cause is reported in one line on standard error: exit code 2 for wrong usage or settings, 1 for everything
    else. Log lines follow LOG_FORMAT once the settings are read.
    """
    name = parser.prog.removesuffix(".py")
    arguments = parser.parse_args(argv)
    say = log_lines.begin(name)
    stop = Event()
    _stop_on_signals(stop)
    _collect_seldom()
    _give_memory_back()
    try:
        settings = settings_of.load()
        say = log_lines.begin(name, settings.log_format)
        code = main(arguments, settings, stop)
    except (SettingsError, UsageError) as exc:
        say(exc)
        code = 2
    except StockstreamError as exc:
        say(exc)
        code = 1
    except BrokenPipeError:
        # The reader of the output (`| head`) has gone: nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    raise SystemExit(code)


def _collect_seldom() -> None:
    """Make the garbage collector run less often, and skip imported objects.

    A batch is tens of thousands of objects without cycles: at the default threshold of 700, the collector
    traverses all of them again and again, which takes a fifth of a consumer's time.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _give_memory_back() -> None:
    """Make the C library return the memory of a batch once it is free, even after the first large one.

    glibc raises its thresholds with the sizes it sees, up to 64 MB that stay with the process for good.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        for threshold in (_TRIM_THRESHOLD, _MMAP_THRESHOLD) if hasattr(library, "mallopt") else ():
            library.mallopt(threshold, 1 << 17)


def _stop_on_signals(stop: Event) -> None:
    def request_stop(signum: int, _frame: FrameType | None) -> None:
        if stop.is_set() and signum == signal.SIGINT:
            raise SystemExit(130)
        stop.set()

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, request_stop)


@contextmanager
def ended_at_once(stop: Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block immediately, for work that leaves nothing to clean up.

    `stop` is set if it was ended in this way.
    """

    def end(_signum: int, _frame: FrameType | None) -> None:
        stop.set()
        raise KeyboardInterrupt

    before = {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
