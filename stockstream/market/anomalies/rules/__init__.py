"""The rules of the detector: what each scores, how much it may alert, and what its findings say."""

from stockstream.market.anomalies.rules import features, learnt, sequences

RULES = (*features.RULES, *learnt.RULES, *sequences.RULES)
BY_NAME = {rule.name: rule for rule in RULES}
