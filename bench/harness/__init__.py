"""What benches share: servers and systems of their own, rounds, faults, samples and reports."""
