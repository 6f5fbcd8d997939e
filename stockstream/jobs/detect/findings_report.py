"""Output of findings: a table for people, JSON or CSV for programs."""

import csv
from collections.abc import Sequence
from io import StringIO

import msgspec
from rich.console import Console
from rich.table import Table

from stockstream.market.anomalies.finding import Finding

COLUMNS = Finding.__match_args__
PAPER = 200


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON array with one object per finding; times are RFC 3339 in UTC."""
    return msgspec.json.format(msgspec.json.encode(list(findings)), indent=2).decode()


def as_csv(findings: Sequence[Finding]) -> str:
    """Return a header and one line per finding; several methods are separated by spaces."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in findings:
        row = msgspec.to_builtins(finding) | {"methods": " ".join(finding.methods)}
        writer.writerow([row[column] for column in COLUMNS])
    return text.getvalue().rstrip("\n")


def as_table(findings: Sequence[Finding]) -> str:
    """Return a table as wide as the terminal, followed by the number of findings."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=PAPER)
    table = Table()
    for name in ("time (UTC)", "symbol", "kind", "score"):
        table.add_column(name, no_wrap=True)
    table.add_column("why")
    for finding in findings:
        table.add_row(
            f"{finding.end:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            finding.symbol,
            finding.kind,
            f"{finding.score:.3g} > {finding.threshold:.3g}",
            finding.explanation,
        )
    with console.capture() as capture:
        if findings:
            console.print(table)
        console.print(f"{len(findings):,} findings")
    return capture.get().rstrip("\n")


FORMATS = {"table": as_table, "json": as_json, "csv": as_csv}
