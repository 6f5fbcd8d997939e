"""Functions over bytes and numbers that run as machine code, outside Python's lock.

Compiled by Numba at the first call (a few seconds), and from then on loaded from a cache beside the
source, which is made anew when the file of the function changes. What it takes from other files is not
looked at again, so such functions stay in one file with all that they call, and who changes a number in
`windows_arrays` changes the files that take it along.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return the function as machine code; it takes and gives numbers and arrays only."""
    made: Callable[Parameters, Result] = njit(cache=True, nogil=True)(function)
    return made
