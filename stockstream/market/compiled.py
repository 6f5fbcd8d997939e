"""Functions over bytes and numbers that run as machine code, without the GIL.

Numba compiles them at the first call (a few seconds), and later loads them from a cache. To decide whether a
cached function is still valid, Numba itself checks only the function's own file, not what the function calls;
so the cache is named after a hash of all these sources, and any change recompiles everything.
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
    """Return the function as machine code; it takes and returns only numbers and arrays."""
    made: Callable[Parameters, Result] = njit(cache=True, nogil=True)(function)
    return made


def spare(*modules: str) -> None:
    """Keep libraries from importing modules that nothing here needs.

    Numba imports `scipy.linalg` (17 MB, 0.15 s), and Arrow `pandas` (29 MB) at its first array.
    """
    sys.meta_path.insert(0, _Spared(modules))


class _Spared(MetaPathFinder):
    """Reports modules as not installed, which libraries that can do without them expect."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        del path, target
        if fullname in self._modules:
            raise ModuleNotFoundError(name=fullname)


def digest(sources: Iterable[bytes]) -> str:
    """Return a hash of sources.

    >>> digest([b"a", b"b"]) == digest([b"ab"]), len(digest([]))
    (False, 16)
    """
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in sources)).hexdigest()[:16]


def _sources() -> list[bytes]:
    """Return everything that becomes machine code: compiled functions, and the names and numbers they use."""
    texts = {path: path.read_bytes() for path in sorted(MARKET.parent.rglob("*.py"))}
    return [text for path, text in texts.items() if path.is_relative_to(MARKET) or b"import compiled" in text]


if not config.CACHE_DIR and os.access(MARKET, os.W_OK):  # type: ignore[attr-defined]
    # Otherwise Numba's default applies: a folder of the user's, by the file of each function.
    config.CACHE_DIR = str(MARKET / "__pycache__" / f"compiled-{digest(_sources())}")  # type: ignore[attr-defined]
