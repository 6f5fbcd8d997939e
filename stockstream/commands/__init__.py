"""The commands: their arguments, and the assembly of one job each."""
