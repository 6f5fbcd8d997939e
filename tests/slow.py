"""The tests that `./test.sh` leaves out, and why; `./test.sh --all` runs them.

A test listed here takes more than ten seconds, or its file has servers or a browser that take as long to
start. Tests marked `smoke` always run.
"""

SLOW = {
    "tests/browser": "a browser over a dashboard that is started for each test",
    "tests/faults": "processes are killed, and their group waits until it misses them",
    "tests/feeds/test_unnumbered.py": "a venue disconnects fifty times",
    "tests/golden/test_engines.py": "every case through real engines",
    "tests/integration/test_aggregator": "a database for each case, and engines that wait for watermarks",
    "tests/integration/test_backup.py": "a dump and a restore of a database that is being written",
    "tests/integration/test_bad_input.py": "thousands of malformed messages of every kind",
    "tests/integration/test_bench.py": "each bench starts servers of its own",
    "tests/integration/test_compacted_topic.py": "waits until Kafka has compacted a topic",
    "tests/integration/test_compose": "checks every compose file against its images",
    "tests/integration/test_dashboard_sessions.py": "each test has a market of a week",
    "tests/integration/test_detector.py": "models are trained on thousands of trades",
    "tests/integration/test_detector_outages.py": "servers crash and start again",
    "tests/integration/test_documented_commands.py": "types every command of the documentation",
    "tests/integration/test_evaluate_stops.py": "an evaluation is stopped in the middle of its work",
    "tests/integration/test_feed_gaps.py": "a venue disappears and comes back",
    "tests/integration/test_flink": "starts Flink",
    "tests/integration/test_health_engine.py": "starts Flink",
    "tests/integration/test_health_processes.py": "processes run under a supervisor and are killed",
    "tests/integration/test_import.py": "exports and imports whole databases",
    "tests/integration/test_kafka_refusals.py": "a broker with access control starts",
    "tests/integration/test_keyed_feeds.py": "feeds are disconnected again and again",
    "tests/integration/test_live_feeds.py": "feeds are killed and resume",
    "tests/integration/test_outages_told.py": "brokers are stopped, and clients notice by their timeouts",
    "tests/integration/test_paths.py": "a whole system in folders of odd names",
    "tests/integration/test_producer.py": "brokers crash while a producer sends",
    "tests/integration/test_reconciler.py": "reconcilers run while trades pour in",
    "tests/integration/test_replay": "files are replayed, killed and replayed again",
    "tests/integration/test_roles.py": "a user of PostgreSQL for each process",
    "tests/integration/test_safe_connections.py": "servers with TLS start",
    "tests/integration/test_services.py": "servers are started, killed and started again",
    "tests/integration/test_start_stop.py": "the whole system is started and stopped",
    "tests/integration/test_topic_incarnations.py": "topics are deleted and created again",
    "tests/integration/test_transactional_producer.py": "transactions are left open until they expire",
    "tests/integration/test_upgrade.py": "every former schema is upgraded with its data",
    "tests/integration/test_zookeeper.py": "starts Kafka with ZooKeeper",
    "tests/unit/test_docs.py": "imports everything that the documentation names",
    "tests/unit/test_sessions.py": "the library of calendars is read for seven exchanges",
}


def reason_of(nodeid: str) -> str | None:
    """Return why a test is left out of the quick run, or None if it is not."""
    return next((reason for prefix, reason in SLOW.items() if nodeid.startswith(prefix)), None)
