"""A simulated market of correlated symbols, in blocks of columns, with injected and labelled anomalies."""

from stockstream.market.simulator.injector import Injection
from stockstream.market.simulator.listings import Listing, known, listed
from stockstream.market.simulator.market import Market, Terms
from stockstream.market.simulator.messages import encode_tape
from stockstream.market.simulator.path import Factors
from stockstream.market.simulator.tape import SOURCE, Tape

__all__ = [
    "SOURCE",
    "Factors",
    "Injection",
    "Listing",
    "Market",
    "Tape",
    "Terms",
    "encode_tape",
    "known",
    "listed",
]
