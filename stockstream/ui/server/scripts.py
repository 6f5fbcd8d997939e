"""What the server provides besides the page: Plotly's script, and a header that announces all scripts.

A browser that opens the page first loads Streamlit, is then told what to draw, and only then would request
the scripts that draw it. Each page is answered with a header that names them, so that they are fetched in the
meantime. Plotly's script is compressed once; Streamlit would compress it for each visitor.
"""

import gzip
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import get_option

from stockstream.ui.server import streamlit_modules

SCRIPT = Path(__file__).parent.parent / "vendor" / "plotly-finance-4.1.0.min.js"
PLOTLY = f"plotly/{SCRIPT.name}"
# The address includes the version, so a browser's copy is never out of date.
FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
LEVEL = 6  # of gzip: fast, and within two percent of the smallest


def routes() -> list[Route]:
    """Return the routes besides Streamlit's own, below the path under which the page is served."""
    base = (get_option("server.baseUrlPath") or "").strip("/")
    return [Route(f"/{base}/{PLOTLY}" if base else f"/{PLOTLY}", plotly)]


def middleware() -> list[Middleware]:
    """Return the middleware that each answer of the server passes through."""
    return [Middleware(Announcement)]


def plotly(request: Request) -> Response:
    """Return Plotly's script."""
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    body, encoding = (_packed(), {"content-encoding": "gzip"}) if is_packed else (SCRIPT.read_bytes(), {})
    return Response(body, headers=FOR_GOOD | encoding, media_type="text/javascript")


class Announcement:
    """Adds to each HTML page the header that makes a browser fetch its scripts at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and announce the scripts if the answer is a page."""

        async def announce(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("link", _announced())
            await send(message)

        await self._app(scope, receive, announce if scope["type"] == "http" else send)


@cache
def _announced() -> str:
    scripts = [f"<{PLOTLY}>; rel=preload; as=script"]
    scripts += [f"<{place}>; rel=modulepreload; fetchpriority=low" for place in streamlit_modules.needed()]
    return ", ".join(scripts)


@cache
def _packed() -> bytes:
    return gzip.compress(SCRIPT.read_bytes(), LEVEL)
