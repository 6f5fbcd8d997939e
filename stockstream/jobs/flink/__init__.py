"""The Flink job: its script, its deployment and its reports."""
