"""The dashboard: queries, charts, panels."""
