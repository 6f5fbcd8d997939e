"""ZooKeeper, if the local Kafka uses it."""

from stockstream.connectors.zookeeper import require_answer
from stockstream.errors import StockstreamError
from stockstream.jobs.health.check_result import Check, failed, happened, ok
from stockstream.jobs.health.samples import BackgroundProbe

REMEDY = "./start.sh, or see zookeeper.log in DATA_DIR/logs; SERVICES=external where Kafka is not ours"


def look_at_zookeeper(port: int, seconds: float) -> BackgroundProbe[None]:
    """Start the probe."""
    return BackgroundProbe(lambda: require_answer(port), seconds)


def judge_zookeeper(port: int, seen: StockstreamError | None) -> Check:
    """Judge the server."""
    if isinstance(seen, StockstreamError):
        return failed("zookeeper", happened(seen), REMEDY)
    return ok("zookeeper", f"answers at 127.0.0.1:{port}")
