"""What rules and models see of trades: windows of columns, their features, and the market around."""
