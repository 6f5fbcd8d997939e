"""Live feeds: the stream, the pages with missed trades, and the resume points that survive a restart."""

from stockstream.connectors.venues.gaps import GapFiles
from stockstream.connectors.venues.history import History
from stockstream.connectors.venues.resume_points import ResumePoints
from stockstream.connectors.venues.stream import Stream
from stockstream.connectors.venues.timing import Timing

__all__ = ["GapFiles", "History", "ResumePoints", "Stream", "Timing"]
