"""Viewers that speak a Streamlit page's protocol without drawing: the server's time for many of them.

Ten browsers on the server's own machine would measure the browsers, which need several times the server's
CPU. These viewers send the same requests as a browser, on the same connection and at the same pace.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from stockstream.errors import ServiceError

STREAM, PROTOCOL = "_stcore/stream", "streamlit"
# A run that ends early is repeated by itself.
FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
# A message with a chart is long and is not parsed.
LONGEST_READ = 1_000
SETTLING = 5  # refreshes, which are not counted


@dataclass
class Onlooker:
    """One viewer.

    Attributes:
        parts: the parts that refresh by themselves, with the seconds between two refreshes of each.
        took: the seconds of each part's refreshes, from request to completion.
    """

    query: str
    parts: dict[str, float] = field(default_factory=dict)
    took: dict[str, list[float]] = field(default_factory=dict)

    async def look_on(self, connection: ClientConnection, seconds: float) -> None:
        """Open the page and refresh it for `seconds` seconds."""
        await self._ask(connection)
        until = time.monotonic() + seconds
        due = dict.fromkeys(self.parts, time.monotonic())
        while (now := time.monotonic()) < until:
            part = min(due, key=lambda each: due[each])
            await asyncio.sleep(due[part] - now)
            began = time.monotonic()
            await self._ask(connection, part)
            self.took.setdefault(part, []).append(time.monotonic() - began)
            due[part] = max(due[part] + self.parts[part], time.monotonic())

    def refreshes(self) -> list[float]:
        """Return the seconds of each refresh of the slowest part."""
        return max((each[SETTLING:] for each in self.took.values()), key=lambda took: median(took or [0]))

    async def _ask(self, connection: ClientConnection, part: str = "") -> None:
        """Request the page, or a part of it, and wait until the server has finished."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = part, bool(part)
        await connection.send(message.SerializeToString())
        while not self._is_finished(await connection.recv(decode=False)):
            pass

    def _is_finished(self, payload: bytes) -> bool:
        if len(payload) > LONGEST_READ:
            return False
        message = ForwardMsg.FromString(payload)
        kind = message.WhichOneof("type")
        if kind == "auto_rerun":
            self.parts[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        return kind == "script_finished" and message.script_finished in FINISHED


def look_on(address: str, query: str, count: int, seconds: float) -> list[float]:
    """Let `count` viewers watch a page at the same time, and return the seconds of all their refreshes.

    Raises:
        ServiceError: the server ends the connection, or does not accept it.
    """
    try:
        return asyncio.run(_all(address, query, count, seconds))
    except (OSError, WebSocketException) as exc:
        raise ServiceError(what=f"the dashboard's server: {exc}") from exc


async def _all(address: str, query: str, count: int, seconds: float) -> list[float]:
    onlookers = [Onlooker(query) for _ in range(count)]
    await asyncio.gather(*(_one(address, onlooker, seconds) for onlooker in onlookers))
    return [took for onlooker in onlookers for took in onlooker.refreshes()]


async def _one(address: str, onlooker: Onlooker, seconds: float) -> None:
    url = f"{address.replace('http', 'ws', 1)}/{STREAM}"
    async with connect(url, subprotocols=[PROTOCOL], origin=address, max_size=None) as connection:  # type: ignore[arg-type,list-item]
        await onlooker.look_on(connection, seconds)
