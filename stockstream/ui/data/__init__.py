"""What the pages show: one answer a refresh, read in one transaction and shared by all viewers."""
