"""Functions over bytes and numbers that run as machine code, outside Python's lock.

Compiled by Numba at the first call (a few seconds), and from then on loaded from a cache. Numba itself looks
only at a function's own file to see whether what it has kept still holds, not at what the function calls;
so the cache has the name of all these sources together, and a change of any of them makes all anew.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, TypeVar

from numba import config, njit

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MARKET = Path(__file__).parent


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return the function as machine code; it takes and gives numbers and arrays only."""
    made: Callable[Parameters, Result] = njit(cache=True, nogil=True)(function)
    return made


def spare_scipy() -> None:
    """Keep Numba from loading SciPy's linear algebra where none is done: 17 MB, and 0.15 s of a start."""
    # None is how Python says that a module is not there.
    sys.modules.setdefault("scipy.linalg", None)  # type: ignore[arg-type]


def digest(sources: Iterable[bytes]) -> str:
    """Return a name for sources.

    >>> digest([b"a", b"b"]) == digest([b"ab"]), len(digest([]))
    (False, 16)
    """
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in sources)).hexdigest()[:16]


def _sources() -> list[bytes]:
    """Return all that can become machine code: what is compiled, and the names and numbers that it takes."""
    texts = {path: path.read_bytes() for path in sorted(MARKET.parent.rglob("*.py"))}
    return [text for path, text in texts.items() if path.is_relative_to(MARKET) or b"import compiled" in text]


if not config.CACHE_DIR and os.access(MARKET, os.W_OK):  # type: ignore[attr-defined]
    # Elsewhere Numba's own choice stands: a folder of the user's, by the file of each function.
    config.CACHE_DIR = str(MARKET / "__pycache__" / f"compiled-{digest(_sources())}")  # type: ignore[attr-defined]
