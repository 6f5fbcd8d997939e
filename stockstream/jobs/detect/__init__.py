"""The jobs of `anomaly_detector.py`: the live watch, and training, analysis and evaluation of its models."""
