"""What tests and benches share: a feed with a ledger, and the invariants that a run is held to."""
