"""The shutdown of the dashboard's server; an end by Ctrl-C or SIGTERM is not a failure.

When its cleanup is done, uvicorn raises the signal that ended it once more, for a caller that wants to know.
`streamlit run` does not: it would print "Aborted!" and exit with 1. So the server is only told to end.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType
from typing import Any

import streamlit as st
from uvicorn import Server


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any] | None]:
    """Take the signals over from uvicorn, after it has installed its handlers."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        server = getattr(signal.getsignal(signum), "__self__", None)
        if isinstance(server, Server):
            signal.signal(signum, partial(_end, server))
    yield None


def _end(server: Server, signum: int, _frame: FrameType | None) -> None:
    """End when the current requests are answered, or at once if Ctrl-C is pressed again."""
    server.force_exit = server.should_exit and signum == signal.SIGINT
    server.should_exit = True
