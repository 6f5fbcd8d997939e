"""Downloads of what is shown: CSV and Parquet with the exact numbers, made on request."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from stockstream.ui.data.records import Candle, Mark, ShownTrade, Standing
from stockstream.ui.data.system_status import DeadLetterRow

Record = Candle | DeadLetterRow | Mark | ShownTrade | Standing
Records = (
    Sequence[Candle] | Sequence[DeadLetterRow] | Sequence[Mark] | Sequence[ShownTrade] | Sequence[Standing]
)


def keep(name: str, records: Records) -> None:
    """Keep what is shown now, for the viewer to download."""
    _shelf()[name] = records


def offer(*names: str) -> None:
    """Draw two small buttons per name, which download what was last kept under it.

    They need not be drawn again when it changes, because a file is made on request.
    """
    shelf = _shelf()
    with st.container(horizontal=True, key=f"take_{names[0]}", gap="medium"):
        for name in names:
            _button(name, "CSV", "csv", "text/csv", partial(_made, as_csv, shelf, name))
            mime = "application/vnd.apache.parquet"
            _button(name, "Parquet", "parquet", mime, partial(_made, as_parquet, shelf, name))


def _shelf() -> dict[str, Records]:
    shelf: dict[str, Records] = st.session_state.setdefault("shelf", {})
    return shelf


def _made(write: Callable[[Records], bytes], shelf: dict[str, Records], name: str) -> bytes:
    # The session cannot be reached here, because a file is made outside of it.
    return write(shelf.get(name, []))


def _button(name: str, label: str, ending: str, mime: str, made: Callable[[], bytes]) -> None:
    st.download_button(
        f"{name.capitalize()}, {label}",
        made,
        f"{name}.{ending}",
        mime,
        key=f"{name}_{ending}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def as_csv(records: Records) -> bytes:
    """Return the records as CSV: a header, times in UTC, numbers as they are stored."""
    text = io.StringIO()
    rows = _rows(records)
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _written(value) for key, value in row.items()} for row in rows)
    return text.getvalue().encode()


def as_parquet(records: Records) -> bytes:
    """Return the records as Parquet: decimals as decimals, times in UTC."""
    # Imported on demand: it takes a tenth of a second, which the first page load would wait for.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

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
