"""Files of trades: CSV and Parquet, row by row, and their resume points."""
