"""Files of trades as a source for the producer."""
