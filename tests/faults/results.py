"""The results of all faults' runs, as the table at the end of a pytest run."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Self

from testkit.judgement import Judgement


@dataclass
class Result:
    """One run of a fault; without a judgement it did not finish."""

    fault: str
    judgement: Judgement | None = None
    recovered_after: list[float] = field(default_factory=list)

    def to_properties(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return asdict(self)

    @classmethod
    def of_properties(cls, kept: dict[str, Any]) -> Self:
        """Return the result from the values of `to_properties`."""
        judgement = kept["judgement"]
        return cls(**kept | {"judgement": judgement and Judgement(**judgement)})


HEAD = (
    "fault",
    "runs",
    "unfinished",
    "lost",
    "twice",
    "not sent",
    "valid in dead letters",
    "s to recover",
    "worst",
)


def table(results: list[Result]) -> list[str]:
    """Return the lines of the table: one for each fault, ordered by name."""
    faults = sorted({result.fault for result in results})
    rows = [HEAD, *(_row(fault, [each for each in results if each.fault == fault]) for fault in faults)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    ]


def _row(fault: str, results: list[Result]) -> tuple[str, ...]:
    judged = [result.judgement for result in results if result.judgement]
    seconds = [second for result in results for second in result.recovered_after]
    return (
        fault,
        f"{len(results)}",
        f"{len(results) - len(judged)}",
        f"{sum(each.lost for each in judged)}",
        f"{sum(each.twice for each in judged)}",
        f"{sum(each.foreign for each in judged)}",
        f"{sum(each.buried for each in judged)}",
        f"{median(seconds):.1f}" if seconds else "-",
        f"{max(seconds):.1f}" if seconds else "-",
    )
