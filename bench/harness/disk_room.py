"""Disk space, checked before a run rather than found missing in the middle of it."""

import shutil
import tempfile
from pathlib import Path

from stockstream.errors import UsageError

# Bytes that a trade takes in the topic, the table and its keys, and in the sorts of the checks; then the
# fixed part: two gigabytes of PostgreSQL's WAL, and the servers' own files.
A_TRADE = 500
ALWAYS = 4_000_000_000


def needed(trades: float) -> int:
    """Return the number of bytes that `trades` trades need.

    >>> needed(1_000_000)
    4500000000
    """
    return round(trades * A_TRADE) + ALWAYS


def require_room(trades: float) -> None:
    """Check that the disk has room for a number of trades.

    Raises:
        UsageError: says how much is needed, how much is available and where.
    """
    folder = Path(tempfile.gettempdir())
    free, wanted = shutil.disk_usage(folder).free, needed(trades)
    if wanted > free:
        raise UsageError(
            what=f"{trades:,.0f} trades need about {wanted / 1e9:,.0f} GB in {folder}, which has "
            f"{free / 1e9:,.0f}; ask for fewer, or name another folder by TMPDIR"
        )
