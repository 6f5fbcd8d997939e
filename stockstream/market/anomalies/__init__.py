"""Unusual trading: features, detectors and the ensemble; pure, causal, and blind to labels."""
