"""How a file is read: by the format that it has or was said to have, or by the names of its columns."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import UsageError
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.market.files.columns import Columns, match
from stockstream.market.files.formats import BY_NAME, Found, columns_of, recognised
from stockstream.market.files.identity import VENUE
from stockstream.market.files.rows import Meaning

MOST_CELLS = 8


def layout_of(file: TradeFile, options: ReplayOptions) -> tuple[ReplayOptions, Columns, str]:
    """Return the options with what the file's format says, its columns, and how it is read in words.

    Raises:
        UsageError: the columns have no names and no known format, a required one is missing, or the file
            has no trades.
    """
    found = _format_of(file, options)
    options = replace(options, symbol=options.symbol or file.partition.get("symbol"))
    if found is None:
        columns = match(file.header, options.columns, options.symbol)
        meaning = replace(options.meaning, decimal_comma=file.decimal_comma)
        return replace(options, meaning=meaning), columns, f"by its columns: {columns.summary}"
    chosen = found.format
    if chosen.refusal:
        raise UsageError(what=f"{file.name} is in the format of {chosen.title}: {chosen.refusal}")
    names = list(chosen.header) or file.header
    asked = columns_of(chosen, names) | options.columns
    options = replace(
        options,
        symbol=options.symbol or found.symbol,
        day=options.day or found.day,
        time_unit=options.time_unit or chosen.unit or None,
        zone=options.zone or ZoneInfo(chosen.zone),
        pattern=chosen.pattern,
        price_shift=_shift(chosen.price_scale) if options.price_shift is None else options.price_shift,
        id_parts=options.id_parts or chosen.id_parts,
        meaning=Meaning(
            chosen.sides,
            chosen.conditions,
            {at: chosen.only[name] for at, name in enumerate(names) if name in chosen.only},
            decimal_comma=file.decimal_comma,
            day_zone=ZoneInfo(chosen.day_zone),
        ),
    )
    columns = match(names, asked, options.symbol, guesses=False)
    return options, columns, f"{chosen.title} ({found.why}; --format NAME takes another): {columns.summary}"


def _format_of(file: TradeFile, options: ReplayOptions) -> Found | None:
    header = file.header if file.has_names else []
    path = f"{file.path}/{file.member}" if file.member else str(file.path)
    if options.format is not None:
        return BY_NAME[options.format].found(path, "--format")
    if options.columns:
        return None
    found = recognised(header, file.first, path)
    if found is None and not header:
        first = ", ".join(file.first[:MOST_CELLS])
        example = "timestamp=1,symbol=2,price=3,volume=4"
        raise UsageError(
            what=f"{file.name} does not name its columns and has no known format; its first row is {first}: "
            f"say what they are, --columns {example}, or --format NAME"
        )
    return found


def _shift(scale: int) -> int | None:
    """Return how many digits the decimal point moves; None leaves the question to the survey."""
    return len(str(scale)) - 1 if scale > 1 else None


def require_venue(columns: Columns, options: ReplayOptions, header: list[str]) -> None:
    """Raise UsageError if ids are told apart by a venue that no column has."""
    if VENUE in options.id_parts and VENUE not in columns.of:
        raise UsageError(what=f"--id-per venue: which column has it? --columns venue=NAME, of {header}")
