"""The status of a Flink job as text and as JSON."""

import json
from dataclasses import asdict
from datetime import datetime

from stockstream.connectors.flink.rest import JobStatus


def as_json(status: JobStatus) -> str:
    """Return the status as one JSON object; times are RFC 3339."""
    return json.dumps(asdict(status), default=lambda moment: moment.isoformat())


def as_text(status: JobStatus) -> str:
    """Return the status as one line per fact."""
    lines = [
        ("state", status.state),
        ("job", status.job),
        ("records", _count(status.records, "read since it was last started")),
        ("lag", _count(status.lag, "messages")),
        ("watermark", _time(status.watermark)),
        (
            "checkpoints",
            (
                f"{status.checkpoints} made, {status.failed_checkpoints} failed, "
                f"last {_time(status.last_checkpoint)}"
            ),
        ),
        ("restarts", str(status.restarts)),
    ]
    if status.reason:
        lines.append(("last failure", status.reason))
    return "\n".join(f"{name:<13}{value}" for name, value in lines)


def _count(number: int | None, of_what: str) -> str:
    return "not reported yet" if number is None else f"{number:,} {of_what}"


def _time(moment: datetime | None) -> str:
    return "none yet" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
