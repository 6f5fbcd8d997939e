"""What is shown, to take along: CSV and Parquet with the exact numbers, made when they are asked for."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from stockstream.ui.plant import Letter
from stockstream.ui.records import Candle, Mark, Print, Standing

Record = Candle | Letter | Mark | Print | Standing
Records = Sequence[Candle] | Sequence[Letter] | Sequence[Mark] | Sequence[Print] | Sequence[Standing]


def offer(name: str, records: Records) -> None:
    """Draw two small buttons that give the records as files; `name` becomes the files' name."""
    with st.container(horizontal=True, key=f"take_{name}", gap="small", vertical_alignment="center"):
        _button(name, "CSV", "csv", "text/csv", lambda: as_csv(records))
        _button(name, "Parquet", "parquet", "application/vnd.apache.parquet", lambda: as_parquet(records))


def _button(name: str, label: str, ending: str, mime: str, made: Callable[[], bytes]) -> None:
    st.download_button(
        label,
        made,
        f"{name}.{ending}",
        mime,
        key=f"{name}_{ending}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        help=f"{name.capitalize()} as {label}",
    )


def as_csv(records: Records) -> bytes:
    """Return the records as CSV: a head, times in UTC, numbers as they are stored."""
    text = io.StringIO()
    rows = _rows(records)
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _written(value) for key, value in row.items()} for row in rows)
    return text.getvalue().encode()


def as_parquet(records: Records) -> bytes:
    """Return the records as Parquet: decimals as decimals, times in UTC."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_rows(records)), sink)
    return sink.getvalue()


def _rows(records: Records) -> list[dict[str, Any]]:
    return [{key: _plain(value) for key, value in _row(record).items()} for record in records]


def _row(record: Record) -> dict[str, Any]:
    row = asdict(record)
    return row | {"change": record.change} if isinstance(record, Standing) else row


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return " + ".join(value) if isinstance(value, list) else value


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
