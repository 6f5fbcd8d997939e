"""The input of rules and models: windows of trades as columns, their features, and the market context."""
