"""What the pages show: one answer per refresh, read in one transaction and shared by all viewers."""
