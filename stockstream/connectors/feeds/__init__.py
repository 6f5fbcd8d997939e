"""Live feeds: the stream, the pages of what was missed, and the places that survive a restart."""

from stockstream.connectors.feeds.history import History
from stockstream.connectors.feeds.places import Places, produced
from stockstream.connectors.feeds.stream import Stream, Timing

__all__ = ["History", "Places", "Stream", "Timing", "produced"]
