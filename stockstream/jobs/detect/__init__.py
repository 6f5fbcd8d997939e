"""The watch of `anomaly_detector.py`, and the training, analysis and evaluation of its models."""
