"""The end of the dashboard's server: asked to by Ctrl-C or SIGTERM, it has not failed.

uvicorn raises the signal that ended it once more when all is put away, for a caller that wants to know.
`streamlit run` does not: it would say "Aborted!" and end with 1. So the server is told to end, and that is
all.
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
    """Take the signals over from uvicorn, once it has taken them."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        server = getattr(signal.getsignal(signum), "__self__", None)
        if isinstance(server, Server):
            signal.signal(signum, partial(_end, server))
    yield None


def _end(server: Server, signum: int, _frame: FrameType | None) -> None:
    """End when what is being answered is done; at once where Ctrl-C is pressed again."""
    server.force_exit = server.should_exit and signum == signal.SIGINT
    server.should_exit = True
