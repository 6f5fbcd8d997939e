"""A client for queries about topics and their administration."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from stockstream.connectors.kafka.client import Where, as_cluster
from stockstream.connectors.kafka.errors import own_error
from stockstream.errors import KafkaSettingsError, StockstreamError


class Admin(AdminClient):
    """An admin client that prints nothing."""

    def __init__(self, where: Where) -> None:
        """Start to connect; no broker needs to answer yet."""
        self._where = where
        self._heard: list[KafkaError] = []
        quiet = {"log_level": 0, "error_cb": self._heard.append}
        try:
            super().__init__(as_cluster(where).options() | quiet)
        except KafkaException as exc:
            raise KafkaSettingsError(reason=exc.args[0].str()) from exc

    def own_error(self, exc: KafkaException) -> StockstreamError:
        """Return the project's error for a failed request."""
        self.poll(0)
        return own_error(self._where, exc.args[0], self._heard)
