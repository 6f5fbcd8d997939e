"""The rules of the detector: their scores, their share of the alert budget, and their explanations."""

from stockstream.market.anomalies.rules import features, learnt, sequences

RULES = (*features.RULES, *learnt.RULES, *sequences.RULES)
BY_NAME = {rule.name: rule for rule in RULES}
