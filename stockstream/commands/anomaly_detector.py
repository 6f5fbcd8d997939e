"""Find unusual trading: train models, analyze stored trades, watch the topic live, evaluate the detector."""

import argparse
import logging
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event

import pyarrow as pa
from rich.console import Console
from rich.progress import track

from stockstream import cli
from stockstream.commands.argument_types import count, duration, moment, positive, seed
from stockstream.connectors.files.labelled_file import read
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.connectors.metrics.server import serve
from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.read.trade_reader import BEGINNING, END, Span, TradeReader
from stockstream.errors import RecoverableError, UsageError
from stockstream.jobs.detect import evaluation_report
from stockstream.jobs.detect.analyze import analyze
from stockstream.jobs.detect.evaluate import REPORTED_ON, Plan, Result, evaluate, judge
from stockstream.jobs.detect.findings_report import FORMATS
from stockstream.jobs.detect.train import Recipe, Trainer
from stockstream.jobs.detect.wiring import WatchOptions, watching
from stockstream.market.anomalies.models.model import BUDGET, FEWEST_TRADES, SEED
from stockstream.market.compiled import spare
from stockstream.market.evaluation.labelled import Labelled
from stockstream.settings import Settings

log = logging.getLogger("detector")

FEWEST_EVALUATED = 100_000


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Run the requested command."""
    command = {"train": run_train, "analyze": run_analyze, "watch": run_watch, "evaluate": run_evaluate}
    return command[arguments.command](arguments, settings, stop)


def run_train(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Train the given symbols, or all; return 0 if at least one was trained."""
    recipe = Recipe(_span(arguments), arguments.most, arguments.budget, arguments.seed)
    history = TradeReader(address_of(settings))
    try:
        stored = history.symbols()
        symbols = arguments.symbols or stored
        if not stored:
            _note("no trades are stored yet; python producer.py and python consumer.py bring some")
        trainer = Trainer(history, ModelStore(settings.models_dir), partial(datetime.now, UTC), recipe)
        train = trainer.train_drifted if arguments.if_drifted else trainer.train_all
        return 0 if train(_with_progress(symbols), stop, _say) else 1
    finally:
        history.close()


def run_analyze(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Print what stands out among stored trades, without writing anything."""
    # Not needed to analyze, and someone waits for the answer.
    spare("scipy.linalg")
    span, store = _span(arguments), ModelStore(settings.models_dir)
    history = TradeReader(address_of(settings))
    found = []
    try:
        stored = history.require(arguments.symbols)
        if not stored:
            _note("no trades are stored yet; python producer.py and python consumer.py bring some")
        for symbol in arguments.symbols or stored:
            if not stop.is_set():
                found += analyze(history, store, symbol, span, _note)
    finally:
        history.close()
    _say(FORMATS[arguments.format](sorted(found, key=lambda finding: finding.end)))
    return 0


def run_watch(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Examine the topic's trades as they arrive, until stopped."""
    # Arrow's own pool keeps the memory of a backlog; the C library returns it.
    pa.set_memory_pool(pa.system_memory_pool())
    metrics = DetectorMetrics()
    serve("detector", settings, metrics, log)
    options = WatchOptions(arguments.exit_when_idle, arguments.webhook, arguments.webhook_rate)
    try:
        with watching(settings, options, stop, metrics) as (worker, watch):
            log.info("watching %s at %s", settings.kafka_topic, cluster_of(settings))
            worker.run(watch)
    except RecoverableError:
        if not stop.is_set():
            raise
        return 0  # a stop was requested while it waited for a server
    log.info("ended: %s", watch)
    return 0


def run_evaluate(arguments: argparse.Namespace, _settings: Settings, stop: Event) -> int:
    """Evaluate the detector on labelled tapes and write a report; needs no server."""
    evaluation_report.check()
    plan = Plan(arguments.seeds, rate=arguments.rate, trades=arguments.trades, share=arguments.share)
    if arguments.file:
        plan = replace(plan, seeds=(), untrained=0)
    with cli.ended_at_once(stop):
        result = Result() if stop.is_set() else _judged(plan, arguments.file)
    if stop.is_set():
        _note("ended before all was judged; no report is written")
        return 0
    page = evaluation_report.write(result, plan, arguments.out, source=arguments.file)
    _say(f"{evaluation_report.summary(result)}; see {page}")
    return 0


def _judged(plan: Plan, file: Path | None) -> Result:
    if file is None:
        return evaluate(plan, _note)
    result = Result()
    judge(_long_enough(read(file)), plan, 0, result)
    return result


def _long_enough(tapes: dict[str, Labelled]) -> dict[str, Labelled]:
    """Return the tapes that are long enough to be split into a training and an evaluation part."""
    long = {symbol: tape for symbol, tape in tapes.items() if len(tape.window) >= 2 * FEWEST_TRADES}
    if not long:
        raise UsageError(what=f"no symbol of the file has {2 * FEWEST_TRADES:,} trades, half to learn from")
    return long


def _span(arguments: argparse.Namespace) -> Span:
    last = getattr(arguments, "last", None)
    if last and (arguments.since or arguments.until):
        raise UsageError(what="--last stands alone: it is from so long ago until now")
    if last:
        now = datetime.now(UTC)
        return Span(max(now - last, BEGINNING), now)
    span = Span(arguments.since or BEGINNING, arguments.until or END)
    if span.since >= span.until:
        raise UsageError(
            what=f"--since {span.since.isoformat()} is not before --until {span.until.isoformat()}"
        )
    return span


def _with_progress(symbols: list[str]) -> Iterable[str]:
    console = Console(stderr=True)
    return track(symbols, "training", console=console, transient=True, disable=not console.is_terminal)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the answer


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - remarks on the answer


def _trades(text: str) -> int:
    if (trades := count(text)) < FEWEST_EVALUATED:
        message = f"{text!r} is too few: {FEWEST_EVALUATED:,} is the least that says anything"
        raise argparse.ArgumentTypeError(message)
    return trades


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(seed(part) for part in text.split(","))


def _share(text: str) -> float:
    share = positive(text)
    if share > 0.2:  # noqa: PLR2004 - beyond a fifth nothing is ordinary any more
        message = f"{text!r} is not a share above 0 and up to 0.2"
        raise argparse.ArgumentTypeError(message)
    return share


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="anomaly_detector.py", description=__doc__)
    commands = command_line.add_subparsers(
        dest="command", required=True, metavar="train|analyze|watch|evaluate"
    )
    train = commands.add_parser("train", help="make a model of each symbol from the stored trades")
    train.add_argument("symbols", nargs="*", type=str.upper, metavar="SYMBOL", help="default: all")
    _add_span(train)
    train.add_argument(
        "--most", type=count, default=Recipe.most, metavar="N", help="the newest N trades (%(default)s)"
    )
    train.add_argument(
        "--budget",
        type=positive,
        default=BUDGET,
        metavar="B",
        help="false alerts per symbol and day (%(default)g)",
    )
    train.add_argument("--seed", type=seed, default=SEED, metavar="S", help="of the forest (%(default)s)")
    train.add_argument(
        "--if-drifted", action="store_true", help="only symbols whose trades have changed, or without a model"
    )
    look = commands.add_parser("analyze", help="print what stands out among stored trades")
    look.add_argument("symbols", nargs="*", type=str.upper, metavar="SYMBOL", help="default: all")
    look.add_argument("--last", type=duration, metavar="1h", help="from so long ago until now")
    _add_span(look)
    look.add_argument("--format", choices=sorted(FORMATS), default="table", help="(%(default)s)")
    live = commands.add_parser(
        "watch", help="examine the topic live and write findings to the table anomalies"
    )
    live.add_argument("--exit-when-idle", type=positive, metavar="S", help="end after this many idle seconds")
    live.add_argument("--webhook", metavar="URL", help="post findings there too, as JSON")
    live.add_argument(
        "--webhook-rate",
        type=positive,
        default=10.0,
        metavar="N",
        help="messages a minute at most (%(default)g)",
    )
    _add_evaluate(commands.add_parser("evaluate", help="measure the detector against labelled tapes"))
    return command_line


def _add_evaluate(judge_it: argparse.ArgumentParser) -> None:
    add = judge_it.add_argument
    add("--seeds", type=_seeds, default=REPORTED_ON, metavar="S,S", help="of the markets (101 to 105)")
    add("--rate", type=positive, default=Plan.rate, metavar="R", help="trades a second (%(default)g)")
    add("--trades", type=_trades, default=Plan.trades, metavar="N", help="a seed (%(default)s)")
    add("--share", type=_share, default=Plan.share, metavar="P", help="of trades in anomalies (%(default)g)")
    add("--file", type=Path, metavar="FILE", help="judge on these labelled messages, one a line")
    add("--out", type=Path, default=Path("evaluation"), metavar="DIR", help="of the report (%(default)s)")


def _add_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="event time, included (default: the first)"
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="event time, excluded (default: the last)"
    )
