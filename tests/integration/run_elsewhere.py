"""The documents' commands that another test runs, or what runs the tests: which one, and why there."""

import re

BACKUP = "tests/integration/test_backup.py::test_a_dump_of_a_tape_that_is_written_is_restored_and_catches_up"
BENCH = "tests/integration/test_bench.py::test_a_bench_ends_with_the_ratio_that_counts"
CRASHES = "tests/faults/test_consumer_crashes.py::test_kill_9_of_the_consumer"
COMPOSE = "tests/integration/test_compose.py::test_a_documented_command_is_one_that_compose_takes"
DAYS = "tests/integration/test_aggregator_days.py::test_candles_of_days_and_weeks_are_plain_sql"
EVALUATION = "tests/unit/test_evaluation.py::test_the_detector_beats_the_baselines_by_far"
FEED = "tests/integration/test_live_feeds.py::test_a_feed_that_is_killed_goes_on_with_each_trade_once"
IMPORT = "tests/integration/test_import.py::test_a_tape_exported_and_imported_is_the_same_tape_and_goes_on"
FILES = (
    "tests/integration/test_replayed_files.py"
    "::test_files_replayed_together_come_in_order_of_time_and_are_tapes_of_their_own"
)
VENDORS = "tests/integration/test_replayed_files.py::test_vendors_files_are_on_the_tape_exactly"
PIPE = "tests/integration/test_replayed_files.py::test_what_comes_by_a_pipe_is_replayed"
FLINK = "tests/integration/test_flink.py::test_cancel_makes_a_savepoint_and_ends_the_run"
RENEWAL = "tests/unit/test_docs_password.py::test_the_documented_steps_put_a_new_password_into_the_file"
SAFE = "tests/integration/test_safe_connections.py"
START = "tests/integration/test_start_stop.py::test_two_copies_run_side_by_side_and_each_stop_ends_its_own"
USAGE = "tests/integration/test_detector.py::test_what_cannot_be_answered_is_a_plain_line"
HELP = "tests/integration/test_bench.py::test_the_help_names_every_bench"
JSON = "tests/integration/test_health.py::test_a_system_that_flows_is_healthy"
INCARNATIONS = "tests/integration/test_topic_incarnations.py"
LISTED = "tests/unit/test_sessions.py::test_an_unknown_name_gets_one_line_that_tells_how_to_see_the_others"
LOST = f"{INCARNATIONS}::test_messages_that_were_dropped_unread_stop_the_consumer_until_accepted"
NEW = f"{INCARNATIONS}::test_a_topic_that_was_made_anew_is_read_only_when_accepted"
PRUNING = "tests/integration/test_database.py::test_prune_drops_old_days_whole_and_nothing_else"
TRAINING = "tests/integration/test_detector.py::test_only_what_has_drifted_is_trained_again"
WIDTHS = "tests/integration/test_aggregator_frames.py::test_candles_of_any_frame_are_plain_sql"
# What runs elsewhere, by patterns of whole commands: where, and why not here.
ELSEWHERE: dict[str, tuple[str, ...]] = {
    r"\./start\.sh|\./stop\.sh --wipe": (START,),  # they bring up and delete servers of their own
    r"(pg_dump|createdb|pg_restore) .*": (BACKUP,),  # PostgreSQL's own programs: there they are at hand
    r"python database\.py (init|export tape\.parquet)": (BACKUP,),  # in the database that is restored there
    r"python database\.py import .*": (IMPORT,),  # into a database that no job has begun to fill
    r"docker compose .*": (COMPOSE,),  # needs a Docker engine: Compose itself reads files and options
    r"python flink_processor\.py .*": (FLINK,),  # Flink takes a minute, and keeps the aggregator away
    r"python producer\.py --source (coinbase|kraken|binance|alpaca|finnhub|massive).*": (
        FEED,
    ),  # the internet: there a venue plays
    r"python producer\.py .*--file aapl\.csv msft\.parquet .*": (FILES,),  # on files that go together
    r"python producer\.py .*--file days/ .*": (VENDORS,),  # on many files
    r"zcat .*|python producer\.py .*--file ticks\.csv .*": (PIPE,),  # on a packed file without a header
    r".* evaluate --seeds .*": (EVALUATION, USAGE),  # takes minutes: there on a small market
    # Servers of others, and a login at each: there with certificates, users and rights of a test's own.
    r"(export|read) .*|POSTGRES_USER=.*": (
        SAFE,
        "tests/browser/test_dashboard_login.py",
        "tests/integration/test_roles.py",
    ),
    r".*password\.env.*|sed -i '/\^POSTGRES_PASSWORD=/d' \.env": (RENEWAL,),  # they change .env
    # What these are about has to be made first: there it is.
    r"python aggregator\.py --window 5m --slide 1m": (WIDTHS,),
    r"python aggregator\.py --window 1d": (DAYS,),
    r"python -m stockstream\.connectors\.calendars": (LISTED,),
    r"python consumer\.py --skip-lost": (LOST,),
    r"python consumer\.py --accept-new-topic": (NEW,),
    r"python database\.py prune --older-than 30d": (PRUNING,),
    r"python anomaly_detector\.py train (AAPL .*|--if-drifted)": (TRAINING,),
    r"python test_system\.py --json": (JSON,),
    r"python -m bench --help": (HELP,),
    r"python -m bench \w+.*": (BENCH,),  # takes minutes: there on few trades
    r"\./test\.sh --faults .*": ("test.sh", CRASHES),  # takes an hour: there once each
    r"\./test\.sh|ruff .*|mypy|lint-imports|shellcheck .*": (".ci/run",),  # it is what runs this
    r"\./test\.sh \S+": ("test.sh",),  # the same: what is behind it goes to pytest
    r"pip install -r requirements-dev\.txt": ("test.sh",),  # before it runs this
}


def elsewhere(command: str) -> tuple[str, ...]:
    """Return where else a command runs, if so."""
    return next((where for pattern, where in ELSEWHERE.items() if re.fullmatch(pattern, command)), ())
