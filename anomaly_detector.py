"""Find unusual trading: train models, analyze stored trades, watch the topic live, evaluate the detector."""

from stockstream import cli
from stockstream.commands import anomaly_detector

if __name__ == "__main__":
    cli.run(anomaly_detector.parser(), anomaly_detector.main)
