"""Files of trades: CSV and Parquet, row by row, and how far each was sent."""
