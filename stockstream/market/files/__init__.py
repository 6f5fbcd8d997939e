"""Other people's files: which column has which field, what its words mean, which trades are the same."""
