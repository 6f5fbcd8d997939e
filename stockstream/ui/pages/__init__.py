"""The pages of the dashboard: each asks its question and draws the answer."""
