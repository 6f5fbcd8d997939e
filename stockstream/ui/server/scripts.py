"""What the server gives besides the page: Plotly's script, and word of all scripts before the page can ask.

A browser that opens the page first loads Streamlit, then is told what to draw, and only then would ask for
the scripts that draw it. Each page is answered with a header that names them, so that they are fetched
beside all that. Plotly's is packed once: Streamlit would pack it for each visitor.
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
# Its address has its version, so what a browser has is never out of date.
FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
LEVEL = 6  # of gzip: quick, and within two percent of the smallest


def routes() -> list[Route]:
    """Return what is served besides Streamlit's own, below the path that the page is served under."""
    base = (get_option("server.baseUrlPath") or "").strip("/")
    return [Route(f"/{base}/{PLOTLY}" if base else f"/{PLOTLY}", plotly)]


def middleware() -> list[Middleware]:
    """Return what each answer of the server passes through."""
    return [Middleware(Announcement)]


def plotly(request: Request) -> Response:
    """Return the script."""
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    body, encoding = (_packed(), {"content-encoding": "gzip"}) if is_packed else (SCRIPT.read_bytes(), {})
    return Response(body, headers=FOR_GOOD | encoding, media_type="text/javascript")


class Announcement:
    """Adds to each page of HTML the header that has a browser fetch its scripts at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and announce the scripts where the answer is a page."""

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
