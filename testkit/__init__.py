"""Shared parts of tests and benchmarks: a feed with a ledger, and the invariants to check."""
