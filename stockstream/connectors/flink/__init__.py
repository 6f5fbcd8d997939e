"""Apache Flink: its REST interface and its SQL gateway."""
