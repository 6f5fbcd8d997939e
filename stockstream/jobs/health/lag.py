"""How far a job lags behind the topic, and whether it is catching up."""

from dataclasses import dataclass

from stockstream.connectors.kafka.topic import lag
from stockstream.connectors.postgres.read.probes import Progress
from stockstream.jobs.health.check_result import Check, failed, ok, waiting
from stockstream.jobs.health.samples import SamplePair

# A smaller backlog is a batch in progress; so are ten seconds of the current traffic.
FEW = 1_000
SECONDS_OF_FLOW = 10


@dataclass(frozen=True)
class Reading:
    """A job's committed offsets and the topic's ends, each sampled twice, a second apart."""

    ends: SamplePair[dict[int, int]]
    places: SamplePair[dict[int, Progress]]

    def behind(self) -> SamplePair[dict[int, int]]:
        """Return how many messages of each partition the job still had to read."""
        return SamplePair(
            lag(self.ends.before, _offsets(self.places.before)),
            lag(self.ends.after, _offsets(self.places.after)),
        )

    def received(self) -> int:
        """Return how many messages arrived in between."""
        return sum(self.ends.after.values()) - sum(self.ends.before.values())

    def stuck(self, limit: float) -> list[int]:
        """Return the partitions that had messages to read and have not advanced for `limit` seconds."""
        behind = self.behind().before
        return [
            partition
            for partition, place in self.places.after.items()
            if behind.get(partition) and place.idle > limit
        ]

    def beyond(self) -> list[int]:
        """Return the partitions whose committed offset is after the end: the topic was recreated."""
        after = self.ends.after
        return [p for p, place in self.places.before.items() if place.next_offset > after.get(p, 0)]


def judge_lag(job: str, reading: Reading, limit: float, remedy: str) -> Check:
    """Judge a job by its lag.

    Args:
        job: the job's name.
        reading: its committed offsets and the topic's ends.
        limit: seconds without a step after which a job that has messages to read is stuck.
        remedy: what to do if it has failed.
    """
    if not reading.places.after:
        return failed(job, "has never read the topic", remedy)
    if beyond := reading.beyond():
        what = f"stands beyond the end of partition {_listed(beyond)}: the topic has been recreated"
        return failed(
            job, what, "read the new topic from its beginning: python consumer.py --accept-new-topic"
        )
    distance = _distance(reading)
    if stuck := reading.stuck(limit):
        return failed(job, f"stands still in partition {_listed(stuck)}: {distance}", remedy)
    behind = reading.behind()
    before, after = sum(behind.before.values()), sum(behind.after.values())
    if after <= max(FEW, SECONDS_OF_FLOW * reading.received()):
        return ok(job, distance)
    if after < before:
        return waiting(job, f"is catching up: {distance}, {before - after:,} fewer than a second ago")
    return failed(job, f"falls behind: {distance}", remedy)


def _distance(reading: Reading) -> str:
    behind = reading.behind().after
    worst = max(behind, key=lambda partition: behind[partition], default=0)
    if not behind.get(worst):
        return "nothing left to read"
    return f"{sum(behind.values()):,} to read, {behind[worst]:,} of them in partition {worst}"


def _offsets(places: dict[int, Progress]) -> dict[int, int]:
    return {partition: place.next_offset for partition, place in places.items()}


def _listed(partitions: list[int]) -> str:
    return ", ".join(map(str, sorted(partitions)))
