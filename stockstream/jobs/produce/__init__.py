"""The sources of `producer.py`, simulated market and live feed, and the loop that sends their trades."""
