"""Load on a system, and observation of its effects."""
