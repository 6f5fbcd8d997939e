"""The benchmarks' statements: each `NAME.sql` is one, commented."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Return the text of the statement `<name>.sql`."""
    return (files(__name__) / f"{name}.sql").read_text("utf-8")
