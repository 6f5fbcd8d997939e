"""How good the detector is: labelled tapes, events, measures, baselines; blind to how it works."""
