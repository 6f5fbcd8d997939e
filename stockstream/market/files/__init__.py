"""Foreign files: which column holds which field, what its values mean, and which trades are the same."""
