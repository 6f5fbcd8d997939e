"""The tables of the system page, as HTML."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from stockstream.ui.data.system_status import DeadLetterRow, JobProgress, Process, Session
from stockstream.ui.html import formatting
from stockstream.ui.html.elements import cell, table

IDLE = 60
NO_LETTERS = "No message was refused: everything in the topic was a trade."
NO_MODELS = "No model yet; <code>python anomaly_detector.py train</code> makes them from stored trades."
NO_PROCESSES = (
    "<code>./start.sh</code> supervises none here; a process started by hand shows in the committed offsets."
)
NO_PLACES = "No job has read the topic yet."


def offsets(rows: Sequence[JobProgress], ends: Mapping[int, int] | None, topic: str) -> str:
    """Return the jobs' committed offsets, and how many messages each is behind the end of the partition."""
    if not rows:
        return f'<p class="quiet">{NO_PLACES}</p>'
    heads = ("Job", "Partition", "Next offset", "Behind", "Repeats", "Moved")
    return table("places", heads, "".join(_place(row, ends if row.topic == topic else None) for row in rows))


def _place(row: JobProgress, ends: Mapping[int, int] | None) -> str:
    end = (ends or {}).get(row.partition)
    behind = formatting.NOTHING if end is None else f"{max(end - row.next_offset, 0):,}"
    cells = (
        cell(escape(row.job), "name"),
        cell(str(row.partition)),
        cell(f"{row.next_offset:,}"),
        cell(behind, "strong"),
        cell(f"{row.duplicates:,}"),
        cell(formatting.age(row.idle), "old" if row.idle > IDLE else ""),
    )
    return f"<tr>{''.join(cells)}</tr>"


def sessions(rows: Sequence[Session]) -> str:
    """Return the programs that are connected to the database."""
    body = "".join(
        f"<tr>{cell(escape(row.program), 'name')}{cell(str(row.connections))}</tr>" for row in rows
    )
    return table("sessions", ("Program", "Connections"), body)


def processes(rows: Sequence[Process], read_at: datetime) -> str:
    """Return the supervised processes: their state, when they were started, and their memory."""
    if not rows:
        return f'<p class="quiet">{NO_PROCESSES}</p>'
    heads = ("Process", "State", "Started", "Memory")
    return table("processes", heads, "".join(_process(row, read_at) for row in rows))


def _process(row: Process, read_at: datetime) -> str:
    runs = row.state == "running"
    since = formatting.NOTHING if row.since is None else formatting.age((read_at - row.since).total_seconds())
    cells = (
        cell(escape(row.name), "name"),
        cell(f"{'●' if runs else '✕'} {escape(row.state)}", "up" if runs else "down"),
        cell(since, ""),
        cell(formatting.size(row.memory)),
    )
    return f"<tr>{''.join(cells)}</tr>"


def letters(rows: Sequence[DeadLetterRow], read_at: datetime) -> str:
    """Return the dead letters: position, reason, and how each begins."""
    if not rows:
        return f'<p class="quiet">{NO_LETTERS}</p>'
    return table(
        "letters", ("Came", "Place", "Why", "Begins"), "".join(_letter(row, read_at) for row in rows)
    )


def _letter(row: DeadLetterRow, read_at: datetime) -> str:
    cells = (
        cell(formatting.moment(row.received_at, read_at), "time"),
        cell(f"{row.partition} / {row.offset:,}"),
        cell(escape(row.reason), "words"),
        cell(f"<code>{escape(row.begins or '(empty)')}</code>", "words"),
    )
    return f"<tr>{''.join(cells)}</tr>"


def models(cards: Sequence[Sequence[str]]) -> str:
    """Return the contents of the models' cards."""
    if not cards:
        return f'<p class="quiet">{NO_MODELS}</p>'
    heads = ("Symbol", "Version", "Trades", "Learnt from", "False alerts a day allowed")
    body = "".join(f"<tr>{''.join(cell(escape(text)) for text in card)}</tr>" for card in cards)
    return table("models", heads, body)
