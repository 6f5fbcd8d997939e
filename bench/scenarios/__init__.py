"""The benchmarks; each is run with `python -m bench NAME`."""
