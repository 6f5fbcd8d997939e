"""What is learnt of a symbol: forest, directions and thresholds, and whether they still fit."""
