"""The project's exceptions: the docstring of each is its message and its remedy."""

from inspect import cleandoc


class StockstreamError(Exception):
    """{what}"""

    def __init__(self, **facts: object) -> None:
        """Fill the blanks of the docstring with `facts`."""
        self.facts = facts
        super().__init__(cleandoc(type(self).__doc__ or "").replace("\n", " ").format(**facts))


class SettingsError(StockstreamError):
    """{key}={value}: {allowed}; set it in .env or in the environment"""


class UsageError(StockstreamError):
    """{what}; see --help"""


class RecoverableError(StockstreamError):
    """{what}; trying again"""


class PostgresUnreachableError(RecoverableError):
    """cannot reach PostgreSQL at {host}:{port} ({reason}); is it running? ./start.sh starts one"""


class PostgresBusyError(RecoverableError):
    """PostgreSQL cannot do this now ({reason}); trying again"""


class KafkaUnreachableError(RecoverableError):
    """cannot reach Kafka at {servers} ({reason}); is it running? ./start.sh starts one"""


class KafkaBusyError(RecoverableError):
    """Kafka at {servers} cannot do this now ({reason}); trying again"""


class KafkaRefusedError(StockstreamError):
    """Kafka at {servers} refuses this ({reason}); {remedy}"""


class ZooKeeperUnreachableError(RecoverableError):
    """cannot reach ZooKeeper at 127.0.0.1:{port} ({reason}); is it running? ./start.sh starts one"""


class KafkaLoginRefusedError(RecoverableError):
    """Kafka at {servers} refuses user {user} by {mechanism}; check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD
    and KAFKA_SASL_MECHANISM"""


class KafkaTlsError(RecoverableError):
    """no safe connection to Kafka at {servers} ({reason}); {remedy}"""


class KafkaSettingsError(StockstreamError):
    """Kafka's client cannot use its settings ({reason}); check KAFKA_SSL_CA and KAFKA_SASL_*"""


class PostgresTlsError(RecoverableError):
    """no safe connection to PostgreSQL at {host}:{port} ({reason}); {remedy}"""


class DeliveryError(StockstreamError):
    """{count} messages could not be delivered to topic {topic} ({reason}); start again to go on"""


class OffsetsGoneError(StockstreamError):
    """the place to read on from is gone from topic {topic} ({reason}); the broker has dropped it or
    recreated the topic"""


class LostRangeError(StockstreamError):
    """messages of topic {topic} are gone that the {job} has never read ({ranges}): the broker has deleted
    them, retention was shorter than the pause; to go on without them and keep in mind which they were:
    python consumer.py --skip-lost"""


class NewTopicError(StockstreamError):
    """topic {topic} at {servers} was deleted and recreated (its id was {was}, now {now}); what is stored
    stays; to read the new topic from its beginning: python consumer.py --accept-new-topic"""


class TopicCutError(StockstreamError):
    """partition {partition} of topic {topic} ends at offset {end}, before offset {place} where the {job}
    stands: the broker has lost its newest messages, or the topic was recreated; to read what it has from
    its beginning, without storing a trade twice: python consumer.py --accept-new-topic"""


class TopicMissingError(RecoverableError):
    """there is no topic {topic} at {servers} any more; waiting for it"""


class LoginRefusedError(RecoverableError):
    """PostgreSQL at {host}:{port} does not let user {user} into database {database} ({reason}); if that
    lasts, create them there, or set POSTGRES_PORT to a free port and ./start.sh starts a server of its own"""


class SchemaMissingError(StockstreamError):
    """the tables are missing or old in database {database} ({reason}); run: python database.py init"""


class SchemaTooNewError(StockstreamError):
    """database {database} has schema version {found}, this program knows {known}; update the program"""


class PoisonError(StockstreamError):
    """PostgreSQL refuses this value ({reason})"""


class StatementRefusedError(StockstreamError):
    """PostgreSQL refuses the statement ({reason}); has this user the right, and is the schema the newest?"""


class DuplicateError(PoisonError):
    """PostgreSQL has this row already ({reason})"""


class BadTradeError(StockstreamError):
    """{reason}"""


class FencedError(StockstreamError):
    """another {job} has taken over partition {partition} of {topic}; nothing was written"""


class EngineRunsError(StockstreamError):
    """the candles are written by {holder} already; {remedy}"""


class FlinkError(StockstreamError):
    """{what}"""


class FlinkUnreachableError(FlinkError):
    """no {name} answers at {url} ({reason}); is it running, and is the port right?"""


class ServiceError(StockstreamError):
    """{what}"""


class TooFewTradesError(StockstreamError):
    """{symbol}: {trades} trades, a model needs at least {needed}"""


class ModelRefusedError(StockstreamError):
    """the model {path} is refused ({reason}); run: python anomaly_detector.py train {symbol}"""


class ModelsFolderError(StockstreamError):
    """cannot write models to {path} ({reason}); set MODELS_DIR to a folder that can be written"""


class UnknownSymbolError(StockstreamError):
    """no trades of {symbol} are stored; stored symbols: {known}"""


class BadFrameError(StockstreamError):
    """{venue} has sent what cannot be read ({reason})"""


class FeedRefusedError(StockstreamError):
    """{venue} refuses ({reason}); choose other --symbols, or another --source"""


class FeedKeyError(FeedRefusedError):
    """{venue} does not accept the key ({reason}); check {keys} in .env or in the environment, and what
    the plan of the key includes"""


class FeedLimitError(FeedRefusedError):
    """{venue} does not give so many symbols for this key ({reason}); name fewer in --symbols"""


class FeedTakenError(FeedRefusedError):
    """{venue} has another connection with this key ({reason}); end the process that uses it, or take
    another key"""


class FeedBusyError(RecoverableError):
    """{venue} ends the connection ({reason}); connecting again"""


class FeedBlockedError(StockstreamError):
    """{venue} does not serve this place (HTTP {status}); take another --source, or a mirror that does:
    --stream-url and --rest-url"""


class HistoryError(RecoverableError):
    """cannot ask {venue} for missed trades ({reason}); trying again"""


class HistoryRefusedError(StockstreamError):
    """{venue} does not give missed trades ({reason})"""


class TradeFileError(StockstreamError):
    """cannot read trades from {path} ({reason})"""


class TapeInUseError(StockstreamError):
    """the topic {topic} is read into database {database} already, and trades come there through it:
    python producer.py --source replay --file {path}"""


class PositionClashError(StockstreamError):
    """partition {partition}, offset {offset} is claimed by {trades}: these are two tapes; import {path}
    into a database of its own, or send it through the topic:
    python producer.py --source replay --file {path}"""
