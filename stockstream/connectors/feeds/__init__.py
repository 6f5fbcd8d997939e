"""Live feeds: the stream, the pages of what was missed, and the places and gaps that survive a restart."""

from stockstream.connectors.feeds.gaps import GapFiles
from stockstream.connectors.feeds.history import History
from stockstream.connectors.feeds.places import Places, produced
from stockstream.connectors.feeds.stream import Stream
from stockstream.connectors.feeds.timing import Timing

__all__ = ["GapFiles", "History", "Places", "Stream", "Timing", "produced"]
