"""The quality of the detector: labelled tapes, events, measures, baselines; independent of how it works."""
