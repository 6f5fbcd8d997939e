"""What libraries would import and nobody here needs stays out of a process."""

import subprocess
import sys

ARROW = """
import sys
import pyarrow as pa
from stockstream.market.compiled import spare
{}
print(pa.array([1, 2]).to_numpy().sum(), bool(sys.modules.get("pandas")))
"""


def _said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_arrow_imports_pandas_by_itself() -> None:
    """Were this to change, nothing would need to be spared."""
    assert _said(ARROW.format("")) == "3 True\n"


def test_arrow_works_as_well_without_it() -> None:
    assert _said(ARROW.format('spare("pandas")')) == "3 False\n"
