"""The processes of the system besides its servers, as the supervisor runs them."""

import sys

from stockstream.services.servers.program import Program
from stockstream.settings import PROJECT, Settings

SERVERS = ("kafka", "postgres")
# Servers that other servers need.
BASE = ("zookeeper",)


def apps(settings: Settings) -> list[Program]:
    """Return the programs that produce, store, aggregate, watch and show the trades."""
    dashboard = [
        *("-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"),
        *("--server.address", settings.dashboard_address, "--server.port", str(settings.dashboard_port)),
        *("--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"),
    ]
    return [
        _python("producer", "producer.py"),
        _python("consumer", "consumer.py"),
        _python("aggregator", "aggregator.py"),
        _python("detector", "anomaly_detector.py", "watch"),
        _python("dashboard", *dashboard),
    ]


def _python(name: str, *arguments: str) -> Program:
    return Program(
        name,
        (sys.executable, *arguments),
        PROJECT,
        {"PYTHONUNBUFFERED": "1"},
        timeout=30,
        part="page" if name == "dashboard" else "app",
    )
