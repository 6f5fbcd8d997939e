"""SQL in files: `queries/NAME.sql` is one commented statement, `migrations/NNNN_name.sql` one step.

In a statement, `:trade_columns` stands for the columns of a trade and its record position.
"""

from functools import cache
from importlib.resources import files

from stockstream.connectors.postgres import trade_columns


@cache
def query(name: str) -> str:
    """Return the text of the statement `queries/<name>.sql`."""
    text = (files(__name__) / "queries" / f"{name}.sql").read_text("utf-8")
    return text.replace(":trade_columns", trade_columns.LIST)


@cache
def steps() -> tuple[tuple[int, str], ...]:
    """Return the numbered steps of the schema, as (number, SQL), in order."""
    scripts = [step for step in (files(__name__) / "migrations").iterdir() if step.name.endswith(".sql")]
    scripts.sort(key=lambda script: script.name)
    return tuple((int(script.name[:4]), script.read_text("utf-8")) for script in scripts)
