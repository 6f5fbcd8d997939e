"""Functions over bytes and numbers that run as machine code, outside Python's lock.

Compiled by Numba at the first call (a few seconds), and from then on loaded from a cache. Numba itself looks
only at a function's own file to see whether what it has kept still holds, not at what the function calls;
so the cache has the name of all these sources together, and a change of any of them makes all anew.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from importlib.abc import MetaPathFinder
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


def spare(*modules: str) -> None:
    """Keep libraries from importing what nothing here needs.

    Numba imports `scipy.linalg` (17 MB, 0.15 s), and Arrow `pandas` (29 MB) at its first array.
    """
    sys.meta_path.insert(0, _Spared(modules))


class _Spared(MetaPathFinder):
    """Says of modules that they are not installed, as a library that can do without them expects."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        del path, target
        if fullname in self._modules:
            raise ModuleNotFoundError(name=fullname)


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
